// Package policy turns the grants of a function into the statements of its
// execution role: exactly the actions that the types of its handles name, on
// exactly those resources, and its own log.
//
// ARNs are written as Fn::Sub takes them: "${AWS::Region}" and the logical ids
// of the template ([LogicalID]) stand for what is known only in an account.
package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// Statement is one statement of an execution role.
type Statement struct {
	// Deny makes it a Deny; others allow.
	Deny bool
	// Actions with the service prefix, sorted: "dynamodb:GetItem".
	Actions []string
	// Resource is the ARN, for Fn::Sub.
	Resource string
	// Cluster is the logical id of the parameter whose parts stand in Resource, see
	// [ClusterName]. "" for none.
	Cluster string
	// Proxy is the logical id of the RDS Proxy whose resource id stands in Resource, see
	// [ProxyResource]. "" for none.
	Proxy string
	// Conditions that must all hold.
	Conditions []datastore.Condition
	// Because is what the application declared, with its Go lines.
	Because []Cause
}

// Cause is a declaration that made a statement necessary.
type Cause struct {
	What string // "table orders: Get, Create"
	At   datastore.Position
}

// Statements of a function's role, in order of its grants; its own log is last.
func Statements(f *tier.Function) []Statement {
	all := granted(f, false)
	all = append(all, assuming(f)...)
	all = append(all, reporting(f)...)
	all = append(all, attachment(f)...)
	all = append(all, keptFromCode(f)...)
	return append(all, ownLog(f))
}

// granted are the statements of a function's grants, or of those that the role of its
// owners has.
func granted(f *tier.Function, owned bool) []Statement {
	var all []Statement
	because := map[datastore.Spec][]Cause{}
	usages := datastore.Usages(f.Grants())
	for _, u := range usages {
		because[u.Spec] = causes(u)
		for _, dependent := range u.For {
			because[u.Spec] = joined(because[u.Spec], because[dependent])
		}
		for _, need := range u.Needs() {
			if s, ok := statement(u.Spec, need); ok && (need.Owner != 0) == owned {
				if db, ok := MasterOf(usages, u.Spec); ok {
					s.Resource = "${" + MasterSecret(db) + "}"
				}
				s.Resource += calledBy(f, u.Spec)
				if s.Because = causesOf(u, need); s.Because == nil {
					s.Because = because[u.Spec]
				}
				all = with(all, s)
			}
		}
	}
	return all
}

// with adds s, or its causes to a statement that says the same: scopes that IAM does
// not know, such as prefixes of a cache, differ in nothing else, and topics of one
// cluster share some.
func with(all []Statement, s Statement) []Statement {
	i := slices.IndexFunc(all, s.saysSame)
	if i < 0 {
		return append(all, s)
	}
	all[i].Because = joined(slices.Clip(all[i].Because), s.Because)
	return all
}

func statement(spec datastore.Spec, need datastore.Need) (Statement, bool) {
	if len(need.Actions) == 0 {
		return Statement{}, false
	}
	s := Statement{Conditions: need.Conditions, Proxy: proxyOf(spec, need)}
	if topic, ok := spec.(event.KafkaSpec); ok {
		s.Resource, s.Cluster = kafkaARN(topic, need)
	} else {
		s.Resource = storeARN(spec, need)
	}
	for _, a := range need.Actions {
		s.Actions = append(s.Actions, need.Service+":"+a)
	}
	slices.Sort(s.Actions)
	return s, true
}

// saysSame reports whether two statements differ in their reasons at most.
func (s Statement) saysSame(o Statement) bool {
	return s.Deny == o.Deny && s.Resource == o.Resource && slices.Equal(s.Actions, o.Actions) && sameConditions(s.Conditions, o.Conditions)
}

// ownLog allows a function to write to its own log group and no other. The
// group is a resource of the template, so the function need not create it.
// See https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html.
func ownLog(f *tier.Function) Statement {
	return Statement{
		Actions:  []string{"logs:CreateLogStream", "logs:PutLogEvents"},
		Resource: arn("logs", "log-group:${"+LogID(f)+"}:log-stream:*"),
		Because:  []Cause{{"function " + f.Name() + ": its own log", f.At()}},
	}
}

// StoreID is the logical id of a store's resource: "OrdersTable". That of
// connections is their WebSocket API, that of a call its function.
func StoreID(spec datastore.Spec) string {
	switch spec.Kind() {
	case "connection":
		return SocketID(spec.Name())
	case "call":
		return LogicalID(spec.Name(), "function")
	}
	return LogicalID(spec.Name(), spec.Kind())
}

// SocketID is the logical id of a WebSocket API: "ChatSocket".
func SocketID(name string) string { return LogicalID(name, "socket") }

// SiteID is the logical id of the distribution of a site, or with further words of what
// belongs to it.
func SiteID(site *tier.Site, words ...string) string {
	return LogicalID(append([]string{site.Name(), "site"}, words...)...)
}

// FunctionID is the logical id of a function: "OrdersFunction".
func FunctionID(f *tier.Function) string { return LogicalID(f.Name(), "function") }

// RoleID is the logical id of its execution role: "OrdersRole".
func RoleID(f *tier.Function) string { return LogicalID(f.Name(), "role") }

// LogID is the logical id of its log group: "OrdersLog".
func LogID(f *tier.Function) string { return LogicalID(f.Name(), "log") }

// LogicalID joins words to a logical id: letters and digits, each word with a
// capital. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resources-section-structure.html.
func LogicalID(words ...string) string {
	var b strings.Builder
	for _, word := range words {
		capital := true
		for i := range len(word) {
			c := word[i]
			isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
			if !isLetter && (c < '0' || c > '9') {
				capital = true
				continue
			}
			if capital && c >= 'a' && c <= 'z' {
				c -= 'a' - 'A'
			}
			capital = false
			b.WriteByte(c)
		}
	}
	return b.String()
}
