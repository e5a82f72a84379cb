package lambda

import "github.com/seed-18e8afb5/tierkit/handler"

// rest is the door of a REST API with Lambda proxy integration.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
type rest struct{}

func (rest) name() string { return "rest" }

// line: the path is as the client sent it and without the stage; the query maps
// are decoded, so they are encoded again.
func (rest) line(e *event) (method, path, rawQuery string) {
	return e.text(e.method), escapePath(e.text(e.path), false), e.queryOf(e.multiQuery, e.query, encoded)
}

func (rest) facts(e *event, f *handler.Facts) {
	for name, value := range e.members(e.ctx.identity) {
		if name == "sourceIp" {
			f.Remote = remote(e.text(value))
		}
	}
	f.Protocol = e.text(e.ctx.protocol)
	f.Scheme = e.scheme()
	f.Resource = e.Resource()
}

func (rest) caller(e *event) handler.Caller {
	if c := e.contextCaller(e.ctx.authorizer); !c.Anonymous() {
		return c
	}
	return e.identityCaller(e.ctx.identity)
}

func (rest) limit() int { return payloadLimit }

// encode writes lists of values only: of two maps with one name in both a REST
// API makes one list again. Members that it does not know make it answer 502.
func (rest) encode(dst []byte, a *answer) ([]byte, string) {
	dst = a.appendStatus(dst)
	dst = a.appendLists(dst)
	return a.appendBody(dst), ""
}

// http1 is the door of an HTTP API with payload format 1.0: the REST event, but
// with a decoded path that has the stage in it.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type http1 struct{ rest }

func (http1) name() string { return "http" }

func (http1) line(e *event) (method, path, rawQuery string) {
	path = cutStage(e.text(e.path), e.text(e.ctx.stage))
	return e.text(e.method), escapePath(path, true), e.queryOf(e.multiQuery, e.query, encoded)
}
