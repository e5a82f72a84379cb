package cache

import "github.com/seed-18e8afb5/tierkit/datastore"

// Spec says what a cache is. It is comparable.
type Spec struct {
	Logical    string          // the name in the program: "profiles"
	Prefix     string          // of the keys that a narrowed store has; "" for all
	Serverless bool            // an ElastiCache serverless cache, else a replication group
	User       string          // who logs in with IAM; "" is the user that is called like the cache
	Login      datastore.Login // who logs in with a password; nil is IAM
	Anonymous  bool            // nobody logs in: only the network protects it
}

var _ datastore.Spec = Spec{}

// Kind is "cache".
func (s Spec) Kind() string { return "cache" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// Port is where ElastiCache listens.
const Port = 6379

// Needs are the port, and what logging in takes: elasticache:Connect on the cache
// and on its user, or the secret that holds user and password. They are the same
// for all operations: which commands a user may send is a matter of its access
// string.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticache.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if len(ops) == 0 {
		return nil
	}
	need := datastore.Need{Service: "elasticache", Port: Port}
	switch {
	case s.Anonymous:
		return []datastore.Need{need}
	case s.Login != nil:
		need.Depends = []datastore.Dependence{{Spec: s.Login.Spec(), Ops: []string{"Get"}}}
		return []datastore.Need{need}
	}
	need.Actions = []string{"Connect"}
	need.Resource = "replicationgroup:{name}"
	if s.Serverless {
		need.Resource = "serverlesscache:{name}"
	}
	user := datastore.Need{Service: "elasticache", Actions: need.Actions, Resource: "user:{name}"}
	if s.User != "" {
		user.Resource = "user:" + s.User
	}
	return []datastore.Need{need, user}
}
