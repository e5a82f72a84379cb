package identity

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what an identity is: a directory of users, or an exchange for who is in
// one. It is comparable.
type Spec struct {
	Logical string // the name in the program: "users"
	// Users is the directory whose tokens an exchange takes, nil for a directory.
	Users datastore.Spec
}

var _ datastore.Spec = Spec{}

// Kind is "identity".
func (s Spec) Kind() string { return "identity" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// IsExchange reports whether it is an [Exchange].
func (s Spec) IsExchange() bool { return s.Users != nil }

// actions of Cognito that each operation needs.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
var actions = map[string][]string{
	"Get":           {"AdminGetUser"},
	"List":          {"ListUsers"},
	"Create":        {"AdminCreateUser"},
	"SetAttributes": {"AdminUpdateUserAttributes"},
	"SetPassword":   {"AdminSetUserPassword"},
	"Enable":        {"AdminEnableUser"},
	"Disable":       {"AdminDisableUser"},
	"Groups":        {"AdminListGroupsForUser"},
	"SetGroups":     {"AdminAddUserToGroup", "AdminListGroupsForUser", "AdminRemoveUserFromGroup"},
	"SignOut":       {"AdminUserGlobalSignOut"},
	"Delete":        {"AdminDeleteUser"},
}

// Needs are the actions of ops on the user pool. An exchange needs no action of its
// role: who has a token may exchange it; but it needs to know the directory.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if s.IsExchange() {
		return []datastore.Need{{
			Service: "cognito-identity", Unsigned: []string{"GetCredentialsForIdentity", "GetId"}, Resource: "identitypool/{name}",
			Depends: []datastore.Dependence{{Spec: s.Users}},
		}}
	}
	var list []string
	for _, op := range ops {
		list = append(list, actions[op]...)
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return []datastore.Need{{Service: "cognito-idp", Actions: slices.Compact(list), Resource: "userpool/{name}"}}
}
