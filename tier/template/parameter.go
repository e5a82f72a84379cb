package template

import "github.com/seed-18e8afb5/tierkit/datastore"

// parameter is a value that whoever deploys the stack gives: what an application
// uses and somebody else owns.
type parameter struct {
	id, typ, description string
}

// parameterOnce adds a parameter, unless there is one of that name for the same.
func (s *stack) parameterOnce(p parameter, at datastore.Position) {
	for _, other := range s.parameters {
		if other.id == p.id {
			return
		}
	}
	for _, r := range s.resources {
		if r.id == p.id {
			s.errs = append(s.errs, &datastore.DeclarationError{At: at, Message: "parameter " + p.id +
				" has the logical id of a " + r.typ + " declared at " + r.at.String() + "; give one of the two another name"})
			return
		}
	}
	s.parameters = append(s.parameters, p)
}

func parameterSection(parameters []parameter) object {
	var all object
	for _, p := range parameters {
		all = append(all, member{p.id, object{{"Type", p.typ}, {"Description", p.description}}})
	}
	return all
}
