package lambda

import "github.com/seed-18e8afb5/tierkit/handler"

// http2 is the door of an HTTP API with payload format 2.0.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type http2 struct{}

func (http2) name() string { return "http" }

// line: the path is decoded and has a named stage in front; the query is as the
// client sent it, unlike the map, in which values are joined by commas.
func (http2) line(e *event) (method, path, rawQuery string) {
	path = cutStage(e.text(e.rawPath), e.text(e.ctx.stage))
	return e.text(e.ctx.method), escapePath(path, true), e.rawOrMapped()
}

// rawOrMapped is the query as sent. Events made by hand may have only the map.
func (e *event) rawOrMapped() string {
	if q := e.text(e.rawQuery); q != "" {
		return q
	}
	return e.queryOf(span{}, e.query, encoded)
}

func (http2) facts(e *event, f *handler.Facts) {
	f.Remote = remote(e.text(e.ctx.sourceIP))
	f.Protocol = e.text(e.ctx.httpProtocol)
	f.Scheme = e.scheme()
	f.Resource = e.Resource()
}

// caller: the authorizer's context is under the authorizer's kind.
func (http2) caller(e *event) handler.Caller {
	for name, value := range e.members(e.ctx.authorizer) {
		if !e.is(value, '{') {
			continue
		}
		switch name {
		case "jwt":
			return e.contextCaller(value)
		case "iam":
			return e.iamCaller(value)
		case "lambda":
			return e.lambdaCaller(value)
		}
	}
	return handler.Caller{}
}

func (http2) limit() int { return payloadLimit }

// encode writes one value a header, several joined by commas, and Set-Cookie,
// which cannot be joined, in a list of its own.
func (http2) encode(dst []byte, a *answer) ([]byte, string) {
	dst = a.appendStatus(dst)
	dst = a.appendJoined(dst, nil)
	dst = a.appendCookies(dst)
	return a.appendBody(dst), ""
}
