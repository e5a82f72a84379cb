package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// maxManagedPolicy is how many characters a managed policy may have, without white space.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const maxManagedPolicy = 6144

var policyName = regexp.MustCompile(`^([\w+=,.@-]+/)*[\w+=,.@-]{1,128}$`)

// CheckPolicyName says what is wrong with the name of a managed policy, which may have
// a path: "team/boundary-of-shop".
// See https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html.
func CheckPolicyName(name string) error {
	if !policyName.MatchString(name) {
		return fmt.Errorf("policy name %q: write up to 128 letters, digits and _+=,.@-, and its path before it: team/boundary-of-shop", name)
	}
	return nil
}

// Bounded is the template with a permissions boundary for each of its roles: the managed
// policy of that name in the account of the stack. See [Template.Deployer].
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html.
func (t *Template) Bounded(name string) (*Template, error) {
	if err := CheckPolicyName(name); err != nil {
		return nil, err
	}
	bounded := *t
	bounded.resources = slices.Clone(t.resources)
	for i, r := range bounded.resources {
		if r.typ == "AWS::IAM::Role" {
			bounded.resources[i].properties = append(slices.Clip(r.properties), member{"PermissionsBoundary", boundaryARN(name)})
		}
	}
	return &bounded, nil
}

func boundaryARN(name string) reference {
	return sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/" + name)
}

// allowance is a statement that allows actions on resources.
type allowance struct {
	actions   []string
	resources []string // for Fn::Sub
	condition object   // nil for none
}

// allowances are what the roles of the template may do, written from outside; notes say
// what could not be written as narrow as it is. Denials are left to the roles.
func (t *Template) allowances(o outside) (all []allowance, notes []string) {
	for _, r := range t.plain() {
		for _, s := range roleStatements(r) {
			if at(s, "Effect") != "Allow" {
				continue
			}
			a := allowance{actions: textsOf(at(s, "Action"))}
			service, _, _ := strings.Cut(a.actions[0], ":")
			var secrets []string // of the stack, which have no names of its own
			for _, one := range listOf(at(s, "Resource")) {
				resource := o.resource(one, service)
				if strings.HasSuffix(resource, ":secret:*") {
					secrets = append(secrets, resource)
				} else {
					a.resources = append(a.resources, resource)
				}
				if given := o.given(one); given != "" {
					notes = append(notes, fmt.Sprintf("the boundary allows all resources of the account in place of the parameter %s: %s", given, strings.Join(a.actions, ", ")))
				}
			}
			if a.condition, _ = at(s, "Condition").(object); namesIn(nil, a.condition) != nil {
				a.condition = nil
				notes = append(notes, fmt.Sprintf("the boundary is without the condition of %s, which names resources: %s", r.id, strings.Join(a.actions, ", ")))
			}
			if a.resources != nil {
				all = append(all, a)
			}
			if secrets != nil {
				own := allowance{a.actions, secrets, a.condition}
				if own.condition == nil {
					own.condition = o.ofStack()
				}
				all = append(all, own)
			}
		}
	}
	slices.Sort(notes)
	return all, slices.Compact(notes)
}

// roleStatements are those of a role, or of a policy of one.
func roleStatements(r resource) []object {
	var all []object
	for _, d := range policyDocuments(r) {
		for _, s := range at(d, "Statement").(array) {
			all = append(all, s.(object))
		}
	}
	return all
}

// policyDocuments are the policies in a role, or the one that is a resource of its own.
func policyDocuments(r resource) []object {
	var documents []object
	switch r.typ {
	case "AWS::IAM::Role":
		policies, _ := at(r.properties, "Policies").(array)
		for _, p := range policies {
			documents = append(documents, at(p.(object), "PolicyDocument").(object))
		}
	case "AWS::IAM::RolePolicy":
		documents = append(documents, at(r.properties, "PolicyDocument").(object))
	}
	return documents
}

// at is a member's value, nil if there is none.
func at(o object, name string) any {
	if i := indexOf(o, name); i >= 0 {
		return o[i].value
	}
	return nil
}

// textsOf is a text or a list of texts.
func textsOf(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case array:
		var all []string
		for _, one := range v {
			all = append(all, one.(string))
		}
		return all
	}
	return nil
}

// fold joins allowances that differ in their actions only, and then those that differ in
// their resources only.
func fold(all []allowance) []allowance {
	var byResource []allowance
	for _, a := range all {
		for _, resource := range a.resources {
			i := slices.IndexFunc(byResource, func(b allowance) bool { return b.resources[0] == resource && sameTree(a.condition, b.condition) })
			if i < 0 {
				i = len(byResource)
				byResource = append(byResource, allowance{nil, []string{resource}, a.condition})
			}
			byResource[i].actions = union(byResource[i].actions, a.actions)
		}
	}
	var folded []allowance
	for _, a := range byResource {
		i := slices.IndexFunc(folded, func(b allowance) bool {
			return slices.Equal(a.actions, b.actions) && sameTree(a.condition, b.condition)
		})
		if i < 0 {
			folded = append(folded, a)
			continue
		}
		folded[i].resources = union(folded[i].resources, a.resources)
	}
	return folded
}

func union(a, b []string) []string {
	all := append(slices.Clone(a), b...)
	slices.Sort(all)
	return slices.Compact(all)
}

func sameTree(a, b object) bool {
	var left, right bytes.Buffer
	appendJSON(&left, a, "")
	appendJSON(&right, b, "")
	return bytes.Equal(left.Bytes(), right.Bytes())
}

// boundary is what all roles of the template may do together, in one policy: a role has
// one boundary. Where that is too long for a policy it is made wider, by what costs
// least first, and the notes say so.
func (t *Template) boundary(o outside) (policy array, notes []string, err error) {
	all, notes := t.allowances(o)
	if services := o.unbound(all); len(services) > 0 {
		notes = append(notes, "the boundary allows all resources of the account whose names do not begin with the stack's: "+strings.Join(services, ", "))
	}
	if len(all) == 0 { // a policy has one statement at least, and no role is to do anything
		return array{object{{"Effect", "Deny"}, {"Action", "*"}, {"Resource", "*"}}}, notes, nil
	}
	widen := []struct {
		note string
		of   func(allowance) allowance
	}{
		{"", func(a allowance) allowance { return a }},
		{"without the conditions of roles", func(a allowance) allowance { a.condition = nil; return a }},
		{"with all resources of each service", func(a allowance) allowance { a.resources = wholeService(a); return a }},
		{"with all actions of each service", func(a allowance) allowance {
			service, _, _ := strings.Cut(a.actions[0], ":")
			a.actions = []string{service + ":*"}
			return a
		}},
	}
	for _, w := range widen {
		for i := range all {
			all[i] = w.of(all[i])
		}
		if w.note != "" {
			notes = append(notes, "the boundary is "+w.note+": it would be longer than 6,144 characters")
		}
		policy = nil
		for _, a := range fold(all) {
			policy = append(policy, a.statement())
		}
		if sizeOf(document(policy...)) <= maxManagedPolicy {
			return policy, notes, nil
		}
	}
	return nil, notes, fmt.Errorf("the boundary is longer than the %d characters that a managed policy may have, however wide: divide the App into several", maxManagedPolicy)
}

// unbound are the services of resources whose patterns do not have the name of the stack.
func (o outside) unbound(all []allowance) []string {
	var services []string
	for _, a := range all {
		for _, resource := range a.resources {
			if resource != "*" && !sameTree(a.condition, o.ofStack()) && !strings.Contains(strings.ToLower(resource), strings.ToLower(o.stack)+"-") && !strings.Contains(resource, "/"+o.stack+"/") {
				service, _, _ := strings.Cut(a.actions[0], ":")
				services = append(services, service)
			}
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}

// wholeService are the resources of a statement without their names: those of a service,
// or "*".
func wholeService(a allowance) []string {
	var all []string
	for _, resource := range a.resources {
		rest, isARN := strings.CutPrefix(resource, "arn:${AWS::Partition}:")
		if !isARN {
			all = append(all, "*")
			continue
		}
		service, _, _ := strings.Cut(rest, ":")
		all = append(all, "arn:${AWS::Partition}:"+service+":*")
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (a allowance) statement() object {
	resource := subIfNamed(a.resources[0])
	if len(a.resources) > 1 {
		var list array
		for _, one := range a.resources {
			list = append(list, subIfNamed(one))
		}
		resource = list
	}
	o := object{{"Effect", "Allow"}, {"Action", texts(a.actions)}, {"Resource", resource}}
	if a.condition != nil {
		o = append(o, member{"Condition", a.condition})
	}
	return o
}

// pseudoSizes stand for parameters at their longest.
var pseudoSizes = strings.NewReplacer("${AWS::Partition}", "aws-us-gov", "${AWS::Region}", "ap-southeast-1", "${AWS::AccountId}", "123456789012", "${AWS::URLSuffix}", "amazonaws.com.cn",
	"${CodeBucket}", strings.Repeat("b", 63))

var inSub = regexp.MustCompile(`\{"Fn::Sub":("[^"]*")\}`)

// sizeOf is how long a policy is at most once CloudFormation has filled it in.
func sizeOf(policy object) int {
	return len(pseudoSizes.Replace(inSub.ReplaceAllString(string(compact(policy)), "$1")))
}

// compact is a policy as JSON without white space, which IAM does not count.
func compact(policy object) []byte {
	var indented, b bytes.Buffer
	appendJSON(&indented, policy, "")
	if err := json.Compact(&b, indented.Bytes()); err != nil { // what appendJSON writes is JSON
		return indented.Bytes()
	}
	return b.Bytes()
}
