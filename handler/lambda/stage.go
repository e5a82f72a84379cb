package lambda

import (
	"iter"

	"github.com/seed-18e8afb5/tierkit/handler"
)

var _ handler.StageVariables = (*event)(nil)

// StageVariables are the variables of the stage of a REST or an HTTP API. Values
// that are not strings, which no stage has, are left out.
func (e *event) StageVariables() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for name, value := range e.members(e.stageVariables) {
			if e.is(value, '"') && !yield(name, e.text(value)) {
				return
			}
		}
	}
}
