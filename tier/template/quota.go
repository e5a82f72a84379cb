package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// MaxResources is how many resources a stack has, those included that SAM makes. It
// cannot be raised.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const MaxResources = 500

// What else CloudFormation takes of a template.
const (
	maxParameters = 200
	maxOutputs    = 200
)

// foldRoles has statements that differ in their resources alone be one, in roles whose
// policies may otherwise be longer than IAM takes.
func (s *stack) foldRoles() {
	for _, role := range s.sofar().RoleSizes() {
		if role.Most <= MaxRolePolicy {
			continue
		}
		i := slices.IndexFunc(s.resources, func(r resource) bool { return r.id == role.ID })
		if i < 0 {
			continue // it is one that SAM makes
		}
		policies, _ := at(s.resources[i].properties, "Policies").(array)
		for _, p := range policies {
			o := p.(object)
			document := o[indexOf(o, "PolicyDocument")].value.(object)
			statements := &document[indexOf(document, "Statement")].value
			*statements = folded((*statements).(array))
		}
	}
}

// folded are statements with the resources of those in one that say the same of them.
func folded(statements array) array {
	var all array
	for _, one := range statements {
		st := one.(object)
		resource := indexOf(st, "Resource")
		i := slices.IndexFunc(all, func(other any) bool { return sameTree(without(other.(object), "Resource"), without(st, "Resource")) })
		if i < 0 {
			all = append(all, slices.Clone(st))
			continue
		}
		same := &all[i].(object)[resource].value
		*same = append(listOf(*same), listOf(st[resource].value)...)
	}
	return all
}

// without is an object without a member.
func without(o object, name string) object {
	return slices.DeleteFunc(slices.Clone(o), func(m member) bool { return m.name == name })
}

// listOf is a list, or one of what is none.
func listOf(value any) array {
	if list, ok := value.(array); ok {
		return slices.Clone(list)
	}
	return array{value}
}

// sofar is the template of the resources that there are.
func (s *stack) sofar() *Template { return &Template{app: s.app.Name(), resources: s.resources} }

// checkQuotas refuses what no deployment could make.
func (s *stack) checkQuotas() {
	t := s.sofar()
	const instead = "divide the App into several"
	if n := len(t.plain()); n > MaxResources && s.least > byRoute { // see [NewWith]
		fix := instead
		if !slices.ContainsFunc(s.app.Functions(), func(f *tier.Function) bool { return f.Joined() != nil }) {
			fix = "deploy it with fewer functions (-functions one), or " + instead
		}
		s.refuse(s.app.At(), "app %s: its template has %d resources, and CloudFormation takes %d: %s", s.app.Name(), n, MaxResources, fix)
	}
	if n := len(s.parameters); n > maxParameters {
		s.refuse(s.app.At(), "app %s: its template has %d parameters, and CloudFormation takes %d: %s", s.app.Name(), n, maxParameters, instead)
	}
	if n := len(s.outputs); n > maxOutputs {
		s.refuse(s.app.At(), "app %s: its template has %d outputs, and CloudFormation takes %d: %s", s.app.Name(), n, maxOutputs, instead)
	}
	s.checkSubscriptions()
	for _, role := range t.RoleSizes() {
		if role.Least > MaxRolePolicy {
			s.refuse(role.At, "%s: the policies of its role take %d characters at least, and IAM allows %d: %s", policy.Bearer(s.app, role.ID), role.Least, MaxRolePolicy, s.lighter(role.ID))
		}
	}
}

// maxSubscriptions is how many subscriptions a log group has. See
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutSubscriptionFilter.html.
const maxSubscriptions = 2

// checkSubscriptions refuses more subscriptions to a log group than there can be.
func (s *stack) checkSubscriptions() {
	count := map[any]int{}
	for _, r := range s.resources {
		if r.typ != "AWS::Logs::SubscriptionFilter" {
			continue
		}
		group := at(r.properties, "LogGroupName")
		if count[group]++; count[group] == maxSubscriptions+1 {
			s.refuse(r.at, "log group %s: this is the third subscription to it, and a log group has %d: let one function work its events off for both", group, maxSubscriptions)
		}
	}
}

// lighter is how a role gets smaller.
func (s *stack) lighter(role string) string {
	if slices.ContainsFunc(s.app.Functions(), func(f *tier.Function) bool { return policy.RoleID(f) == role && f.Joined() != nil }) {
		return "deploy the functions as they are declared, without -functions one"
	}
	return "divide what has it into several functions, or let it have fewer stores and scopes"
}

// MaxRolePolicy is what the policies in a role may take together, in characters that are
// no white space. It cannot be raised.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
const MaxRolePolicy = 10_240

// RoleSize is what the policies in a role take, in characters.
type RoleSize struct {
	ID string // the logical id of the role
	At datastore.Position
	// Least is in a stack and a Region of short names; Most where names are long, in a
	// stack with the name of the App.
	Least, Most int
}

// RoleSizes are what the policies in each role of the template take. CloudFormation gives
// names to most of what stands in them, so it is not known before.
func (t *Template) RoleSizes() []RoleSize {
	all := t.plain()
	byID := map[string]resource{}
	for _, r := range all {
		byID[r.id] = r
	}
	least, most := extent{stack: "s", resources: byID}, extent{stack: t.app, resources: byID, long: true}
	var roles []RoleSize
	for _, r := range all {
		if r.typ != "AWS::IAM::Role" {
			continue
		}
		size := RoleSize{ID: r.id, At: r.at}
		for _, p := range all {
			of, _ := at(p.properties, "RoleName").(reference)
			if p.id == r.id || p.typ == "AWS::IAM::RolePolicy" && of.id == r.id {
				size.Least += least.policies(p)
				size.Most += most.policies(p)
			}
		}
		roles = append(roles, size)
	}
	return roles
}

// extent is how long the values are that CloudFormation fills in.
type extent struct {
	stack     string
	long      bool
	resources map[string]resource
}

// policies is what the policies of a role, or the one of its own resource, take.
func (e extent) policies(r resource) int {
	size := 0
	for _, d := range policyDocuments(r) {
		size += len(compact(e.filled(d).(object)))
	}
	return size
}

// filled is a value with texts in place of references, as long as what they stand for.
func (e extent) filled(value any) any {
	switch v := value.(type) {
	case object:
		o := make(object, len(v))
		for i, m := range v {
			o[i] = member{m.name, e.filled(m.value)}
		}
		return o
	case array:
		a := make(array, len(v))
		for i, one := range v {
			a[i] = e.filled(one)
		}
		return a
	case reference:
		if v.text == "" {
			return e.value(v.id, v.attribute)
		}
		if found := inText.FindString(v.text); found == v.text { // what is an ARN by itself
			id, _, _ := strings.Cut(found[2:len(found)-1], ".")
			return e.value(id, "Arn")
		}
		return inText.ReplaceAllStringFunc(v.text, func(found string) string {
			id, attribute, _ := strings.Cut(found[2:len(found)-1], ".")
			return e.value(id, attribute)
		})
	}
	return value
}

// Lengths of what is not known: an id, and a parameter or a name of a store that somebody
// gave.
const (
	lengthOfIDs   = 36 // of a key
	lengthOfGiven = 64
)

// value is as long as what CloudFormation fills in for a name.
func (e extent) value(id, attribute string) string {
	short, long := 1, lengthOfGiven
	switch id {
	case "AWS::Partition":
		short, long = len("aws"), len("aws-us-gov")
	case "AWS::Region":
		short, long = len("us-east-1"), len("ap-southeast-1")
	case "AWS::AccountId":
		short, long = 12, 12
	case "AWS::StackName":
		return e.stack
	default:
		if r, ok := e.resources[id]; ok {
			short, long = e.name(r)
			if strings.HasSuffix(attribute, "Arn") {
				long += len("arn:aws-us-gov:secretsmanager:ap-southeast-1:123456789012:secret:")
			}
		}
	}
	if e.long {
		return strings.Repeat("x", long)
	}
	return strings.Repeat("x", short)
}

// name is how long the name of a resource is: the stack's, its logical id and 12 letters
// where CloudFormation gives it and does not cut it.
func (e extent) name(r resource) (short, long int) {
	property, ok := named[r.typ]
	if !ok {
		return 1, max(lengthOfIDs, len(e.stack)+len(r.id)+endOfName)
	}
	if own := at(r.properties, property); own != nil {
		text, isText := e.filled(own).(string)
		if !isText {
			return 1, lengthOfGiven
		}
		return len(text), len(text)
	}
	n := len(e.stack) + len(r.id) + endOfName + 1
	return min(n, maxName-1), n
}
