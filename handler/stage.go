package handler

import "iter"

// StageVariables is an [Event] that has stage variables: one of API Gateway, of
// a stage that declares some. Other events have none.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html
type StageVariables interface {
	// StageVariables are the names and values, each decoded when it is its turn.
	StageVariables() iter.Seq2[string, string]
}

// StageVariable is a variable of the stage that the request came through; ok is
// false if it has none of that name, and behind front doors without stages.
func (r *Request) StageVariable(name string) (value string, ok bool) {
	for n, v := range r.StageVariables() {
		if n == name {
			return v, true
		}
	}
	return "", false
}

// StageVariables are all variables of the stage that the request came through.
func (r *Request) StageVariables() iter.Seq2[string, string] {
	if e, ok := r.event.(StageVariables); ok {
		return e.StageVariables()
	}
	return func(func(string, string) bool) {}
}
