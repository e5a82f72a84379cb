package warehouse

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Product is the product that keeps a warehouse in AWS.
type Product string

// The products.
const (
	Serverless  Product = "serverless"  // a workgroup of Amazon Redshift Serverless
	Provisioned Product = "provisioned" // a cluster of Amazon Redshift
)

// Access is what statements may do.
type Access string

// The accesses. Each has a database user, or a database role, of its own.
const (
	ReadOnly  Access = "reader"
	ReadWrite Access = "writer"
)

// Spec says what a warehouse is. It is comparable.
type Spec struct {
	Logical  string // the name in the program: "sales"
	Product  Product
	Database string // the name of the database in it
	// Wire says that it is reached in the private network, by PostgreSQL's protocol,
	// and not by the Data API.
	Wire   bool
	Writer User
	Reader User
}

// User is who statements run as: by a Login, or else by the function's role as the
// database user (Provisioned) or with the database role (Serverless) called Name.
type User struct {
	Name  string
	Login datastore.Login
}

var _ datastore.Spec = Spec{}

// Kind is "warehouse".
func (s Spec) Kind() string { return "warehouse" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// User is who statements of an access run as.
func (s Spec) User(a Access) User {
	if a == ReadOnly {
		return s.Reader
	}
	return s.Writer
}

// Roles are the database roles that the role of a function that does ops must be
// tagged with, by the tag RedshiftDbRoles and separated by colons: those of a
// Serverless warehouse without secrets.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/redshift-iam-access-federated-db-roles.html
func (s Spec) Roles(ops []string) []string {
	var roles []string
	if s.Product == Serverless {
		for _, u := range s.users(ops) {
			if u.Login == nil {
				roles = append(roles, u.Name)
			}
		}
	}
	return roles
}

// users are those of ops, the writer first, each once.
func (s Spec) users(ops []string) []User {
	var users []User
	if slices.Contains(ops, opRun) || slices.Contains(ops, opStart) || slices.Contains(ops, opRunBatch) {
		users = append(users, s.Writer)
	}
	if (slices.Contains(ops, opQuery) || slices.Contains(ops, opStartQuery)) && !slices.Contains(users, s.Reader) {
		users = append(users, s.Reader)
	}
	return users
}

// executes are the actions that send statements, by operation; they have the
// workgroup or the cluster as resource.
var executes = map[string]string{
	opQuery: "ExecuteStatement", opStartQuery: "ExecuteStatement", opRun: "ExecuteStatement", opStart: "ExecuteStatement",
	opRunBatch: "BatchExecuteStatement",
}

// follows are the actions that follow a statement, by operation; AWS has no
// resource for them, but the condition that it is one's own.
var follows = map[string][]string{
	opQuery: {"DescribeStatement"}, opRun: {"DescribeStatement"}, opRunBatch: {"DescribeStatement"},
	opState:  {"DescribeStatement"},
	opRows:   {"DescribeStatement", "GetStatementResult"},
	opCancel: {"CancelStatement", "DescribeStatement"},
}

// own is the condition that a statement is of the same session of a role.
var own = datastore.Condition{
	Operator: "StringEquals", Key: "redshift-data:statement-owner-iam-userid", Values: []string{"${aws:userid}"},
}

// Port is the TCP port of Redshift.
const Port = 5439

// Needs are the actions of redshift-data, and by whom statements run: the secrets
// of exactly the users of ops, or the permission to get their credentials. By the wire
// they are the port and the secrets.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonredshiftdataapi.html
// and https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-iam.html
func (s Spec) Needs(ops []string) []datastore.Need {
	var needs []datastore.Need
	users := s.users(ops)
	if s.Wire {
		if len(users) == 0 {
			return nil
		}
		return []datastore.Need{{Port: Port, Depends: logins(users)}}
	}
	if actions := actionsOf(ops, func(op string) []string { return []string{executes[op]} }); len(actions) > 0 {
		needs = append(needs, datastore.Need{Service: "redshift-data", Actions: actions, Resource: s.resource(), Depends: logins(users)})
	}
	if actions := actionsOf(ops, func(op string) []string { return follows[op] }); len(actions) > 0 {
		needs = append(needs, datastore.Need{Service: "redshift-data", Actions: actions, Resource: "*", Conditions: []datastore.Condition{own}})
	}
	return append(needs, s.credentials(users)...)
}

func (s Spec) resource() string {
	if s.Product == Provisioned {
		return "cluster:{name}"
	}
	return "workgroup/{name}"
}

// credentials are the permissions to log in without a secret.
func (s Spec) credentials(users []User) []datastore.Need {
	var needs []datastore.Need
	for _, u := range users {
		switch {
		case u.Login != nil:
		case s.Product == Provisioned:
			if needs == nil {
				needs = append(needs, datastore.Need{Service: "redshift", Actions: []string{"GetClusterCredentials"}, Resource: "dbname:{name}/" + s.Database})
			}
			needs = append(needs, datastore.Need{Service: "redshift", Actions: []string{"GetClusterCredentials"}, Resource: "dbuser:{name}/" + u.Name})
		case needs == nil: // whoever it is
			needs = append(needs, datastore.Need{Service: "redshift-serverless", Actions: []string{"GetCredentials"}, Resource: "workgroup/{name}"})
		}
	}
	return needs
}

// actionsOf are the actions of ops, sorted, each once.
func actionsOf(ops []string, of func(string) []string) []string {
	var actions []string
	for _, op := range ops {
		for _, a := range of(op) {
			if a != "" {
				actions = append(actions, a)
			}
		}
	}
	slices.Sort(actions)
	return slices.Compact(actions)
}

func logins(users []User) []datastore.Dependence {
	var all []datastore.Dependence
	for _, u := range users {
		if u.Login != nil {
			all = append(all, datastore.Dependence{Spec: u.Login.Spec(), Ops: []string{opLogin}})
		}
	}
	return all
}

// opLogin is the operation of a secret that a login needs: reading its value.
const opLogin = "Get"
