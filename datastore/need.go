package datastore

// Spec says what a store is, without its Go item type: data that the tools read
// to print IAM statements, a template and a network. [table.Spec] is one. It is
// comparable. That of a narrowed store (an index of a table, a prefix of a
// bucket) says so, and has the same kind and name.
//
// [table.Spec]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/table#Spec
type Spec interface {
	// Kind of the store in lower case: "table".
	Kind() string
	// Name is its logical name, unique among the stores of its kind in an App.
	Name() string
	// Needs is what a function that may do ops must be granted. The answer
	// depends on nothing else and has a fixed order.
	Needs(ops []string) []Need
}

// Same reports whether a and b are the same store, whatever their scopes.
func Same(a, b Spec) bool { return a.Kind() == b.Kind() && a.Name() == b.Name() }

// Need is one thing that a function must be granted in AWS to use a store.
// A store of an IAM-backed service has Actions; one in the private network has
// a Port.
type Need struct {
	// Service is the IAM service prefix: "dynamodb".
	Service string
	// Actions without the prefix, sorted: "GetItem", "PutItem".
	Actions []string
	// Unsigned are actions that no role allows, because their requests are not
	// signed: whoever reaches the service may make them. They are what an endpoint in
	// the private network must let through.
	Unsigned []string
	// Resource is the part of the ARN after the account, in which "{name}"
	// stands for the physical name: "table/{name}". The tools know the services
	// whose ARNs have no region or account (S3). "*" is every resource, for
	// actions that AWS has no narrower form for.
	Resource string
	// Conditions of the statement, all of which must hold.
	Conditions []Condition
	// Polled says that it is Lambda itself that uses the store with the role of the
	// function, to read records for it and to put away those given up: the
	// function's network needs no way to it.
	Polled bool
	// Owner says that the need is not the function's but that of the role which it
	// assumes for an owner, with the session tags "caller" and "tenant", or one of them
	// ([CallerRole]): the function needs sts:AssumeRole and sts:TagSession on that role.
	// Where there is no such role, the function needs the actions itself, and cannot
	// meet conditions on the tags.
	Owner Owner
	// Port is the TCP port of a store in the private network, 0 for none.
	Port int
	// Depends are other stores that come with it, such as the secret that it is
	// logged in to with.
	Depends []Dependence
}

// Dependence is what a store needs to do to another one.
type Dependence struct {
	Spec Spec
	Ops  []string
}

// Condition is one condition of an IAM statement.
type Condition struct {
	Operator string // "ForAllValues:StringEquals"
	Key      string // "dynamodb:LeadingKeys"
	Values   []string
}
