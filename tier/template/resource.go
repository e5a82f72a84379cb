package template

import "github.com/seed-18e8afb5/tierkit/datastore"

// Resource is one resource of a template, without SAM.
type Resource struct {
	ID   string             // logical id: "OrdersTable"
	Type string             // "AWS::DynamoDB::Table"
	At   datastore.Position // the line that is the reason for it

	properties object
}

// Text is a property that is plain text, "" if there is none or it is something else.
func (r Resource) Text(property string) string {
	for _, m := range r.properties {
		if m.name == property {
			text, _ := m.value.(string)
			return text
		}
	}
	return ""
}

// Resources are those of the template, in its order.
func (t *Template) Resources() []Resource {
	var all []Resource
	for _, r := range t.plain() {
		all = append(all, Resource{r.id, r.typ, r.at, r.properties})
	}
	return all
}
