package template

import (
	"regexp"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// reference is a value that CloudFormation knows once it has made something: Ref,
// Fn::GetAtt or Fn::Sub.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html.
type reference struct {
	id        string // of a resource, a parameter or a pseudo parameter
	attribute string // of the resource, "" for its Ref
	text      string // of Fn::Sub, "" for the others
	values    object // for some of the names in text
	sam       string // what SAM calls a resource that it makes, "" for those of the template
}

func ref(id string) reference { return reference{id: id} }

func getAtt(id, attribute string) reference { return reference{id: id, attribute: attribute} }

// sub is a text in which names stand as ${Name} and ${Name.Attribute}.
func sub(text string) reference { return reference{text: text} }

// subWith is sub with values for some of its names.
func subWith(text string, values object) reference { return reference{text: text, values: values} }

// function is the intrinsic function as a template has it.
func (r reference) function() object {
	switch {
	case r.values != nil:
		return object{{"Fn::Sub", array{r.text, r.values}}}
	case r.text != "":
		return object{{"Fn::Sub", r.text}}
	case r.attribute != "":
		return object{{"Fn::GetAtt", array{r.id, r.attribute}}}
	}
	return object{{"Ref", r.id}}
}

// inText are the names in a text of Fn::Sub.
var inText = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)(?:\.[A-Za-z0-9.]+)?\}`)

// names are the logical ids that the reference needs.
func (r reference) names() []string {
	if r.text == "" {
		return []string{r.id}
	}
	var names []string
	for _, found := range inText.FindAllStringSubmatch(r.text, -1) {
		if indexOf(r.values, found[1]) < 0 {
			names = append(names, found[1])
		}
	}
	return names
}

// namesIn adds the logical ids that a value refers to.
func namesIn(names []string, value any) []string {
	add := func(all ...string) {
		for _, name := range all {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	switch v := value.(type) {
	case object:
		for _, m := range v {
			names = namesIn(names, m.value)
		}
	case array:
		for _, one := range v {
			names = namesIn(names, one)
		}
	case reference:
		add(v.names()...)
		names = namesIn(names, v.values)
	}
	return names
}

// needs are the logical ids that a resource refers to, or waits for.
func (r *resource) needs() []string {
	names := namesIn(namesIn(nil, r.properties), r.attributes)
	if i := indexOf(r.attributes, "DependsOn"); i >= 0 {
		for _, id := range r.attributes[i].value.(array) {
			names = append(names, id.(string))
		}
	}
	return names
}

// pseudo are the pseudo parameters, which every template has.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html.
var pseudo = []string{"AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix"}

// checkReferences refuses a reference to what the template does not have.
func (s *stack) checkReferences() {
	known := slices.Clone(pseudo)
	for _, p := range s.parameters {
		known = append(known, p.id)
	}
	for _, r := range s.resources {
		known = append(known, r.id)
		for _, p := range r.plain {
			known = append(known, p.id)
		}
	}
	check := func(who string, names []string, at datastore.Position) {
		for _, name := range names {
			if !slices.Contains(known, name) {
				s.refuse(at, "%s refers to %s, which the template does not have", who, name)
			}
		}
	}
	for _, r := range s.resources {
		check(r.typ+" "+r.id, r.needs(), r.at)
	}
	for _, o := range s.outputs {
		check("output "+o.name, namesIn(nil, o.value), s.declared[o.name])
	}
}
