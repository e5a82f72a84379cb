package lambda

// urlDoor is the door of a Lambda function URL: payload format 2.0, but with
// the path as the client sent it, and with no stage.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
type urlDoor struct{ http2 }

func (urlDoor) name() string { return "url" }

func (urlDoor) line(e *event) (method, path, rawQuery string) {
	return e.text(e.ctx.method), escapePath(e.text(e.rawPath), false), e.rawOrMapped()
}
