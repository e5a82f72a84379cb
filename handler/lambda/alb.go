package lambda

import "github.com/seed-18e8afb5/tierkit/handler"

// alb is the door of an Application Load Balancer, in both of its modes: with
// one value a header, and with lists of values. An answer in the other mode
// than the event's would lose all headers.
//
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
type alb struct{}

// albLimit is the most that a load balancer takes from a function: 1 MB.
const albLimit = 1 << 20

func (alb) name() string { return "alb" }

// line: path and query are as the client sent them, the query's maps too.
func (alb) line(e *event) (method, path, rawQuery string) {
	return e.text(e.method), escapePath(e.text(e.path), false), e.queryOf(e.multiQuery, e.query, asSent)
}

// facts: the right-most forwarded address is the one that the load balancer
// saw; those before it are the client's words.
func (alb) facts(e *event, f *handler.Facts) {
	f.Remote = e.lastForwarded()
	f.Scheme = e.scheme()
}

func (alb) caller(*event) handler.Caller { return handler.Caller{} }

func (alb) limit() int { return albLimit }

func (alb) encode(dst []byte, a *answer) ([]byte, string) {
	var warning string
	dst = a.appendStatus(dst)
	dst = a.appendDescription(dst)
	if a.multi {
		dst = a.appendLists(dst)
	} else {
		cookies := a.header["Set-Cookie"]
		if len(cookies) > 1 {
			warning = "the load balancer sends only the last Set-Cookie; turn on multi-value headers on its target group"
		}
		dst = a.appendJoined(dst, cookies)
	}
	return a.appendBody(dst), warning
}
