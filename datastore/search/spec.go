package search

import (
	"cmp"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Service is where an index is kept in AWS.
type Service string

// The services.
const (
	// Domain is a domain of Amazon OpenSearch Service: a cluster of a size of one's
	// own choice.
	Domain Service = "domain"
	// Serverless is a collection of Amazon OpenSearch Serverless, of type search.
	Serverless Service = "serverless"
)

// The limits.
const (
	// MaxID is the length of an id in bytes.
	MaxID = 512
	// MaxDocument is the size of a document as JSON in bytes: what the smaller
	// instances of a domain take in one request.
	//
	// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html
	MaxDocument = 10 << 20
	// MaxBulk and MaxBulkBytes are how many changes, and about how many bytes, go
	// into one request. A larger document goes alone.
	MaxBulk      = 1000
	MaxBulkBytes = 5 << 20
	// MaxKeyword is how many UTF-16 units of a keyword can be found. Longer ones
	// are only stored.
	MaxKeyword = 8191
)

// Spec says what an index is. It is comparable.
type Spec struct {
	Logical string // the name in the program: "products"
	Service Service
	// Layout is the fields of the documents, for [Spec.Fields].
	Layout string
}

var _ datastore.Spec = Spec{}

// Kind is "search".
func (s Spec) Kind() string { return "search" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// Index is the name of the index within its domain or collection: the logical name
// in lower case, as OpenSearch wants it.
func (s Spec) Index() string { return strings.ToLower(s.Logical) }

// Fields are the fields of the documents, sorted by name. Those of kind Object come
// before what they hold.
func (s Spec) Fields() []Field {
	var fields []Field
	for _, entry := range strings.Fields(s.Layout) {
		name, kind, _ := strings.Cut(entry, ":")
		f := Field{Name: name}
		kind, f.Exact = strings.CutSuffix(kind, "+keyword")
		f.Kind = Kind(slices.Index(kindNames, kind))
		fields = append(fields, f)
	}
	return fields
}

func layoutOf(fields []Field) string {
	slices.SortFunc(fields, func(x, y Field) int { return cmp.Compare(x.Name, y.Name) })
	entries := make([]string, len(fields))
	for i, f := range fields {
		if entries[i] = f.Name + ":" + f.Kind.String(); f.Exact {
			entries[i] += "+keyword"
		}
	}
	return strings.Join(entries, " ")
}

// request is the HTTP request that an operation is in a domain: what IAM asks for.
type request struct{ action, path string }

// requests of each operation. Bulk is a PUT, because a domain ignores the parameters
// of a POST that is signed.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html
// and https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-signing-service-requests.html
var requests = map[string][]request{
	"Index":  {{"ESHttpPut", "/_doc/*"}},
	"Get":    {{"ESHttpGet", "/_doc/*"}},
	"Delete": {{"ESHttpDelete", "/_doc/*"}},
	"Bulk":   {{"ESHttpPut", "/_bulk"}},
	"Search": {{"ESHttpGet", "/_search"}},
	"Ensure": {{"ESHttpPut", ""}, {"ESHttpGet", "/_mapping"}, {"ESHttpPut", "/_mapping"}},
}

// Needs are, in a domain, the HTTP methods of ops on the paths of this index, where
// "{name}" is the domain. In a serverless collection it is aoss:APIAccessAll, where
// "{name}" is the collection's id: what a function may do there says the data access
// policy, see [Spec.IndexPermissions].
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonopensearchservice.html
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonopensearchserverless.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if s.Service == Serverless {
		if len(s.IndexPermissions(ops)) == 0 {
			return nil
		}
		return []datastore.Need{{Service: "aoss", Actions: []string{"APIAccessAll"}, Resource: "collection/{name}"}}
	}
	byPath := map[string][]string{}
	for _, op := range ops {
		for _, r := range requests[op] {
			byPath[r.path] = append(byPath[r.path], r.action)
		}
	}
	var needs []datastore.Need
	for path, actions := range byPath {
		slices.Sort(actions)
		needs = append(needs, datastore.Need{
			Service: "es", Actions: slices.Compact(actions), Resource: "domain/{name}/" + s.Index() + path,
		})
	}
	slices.SortFunc(needs, func(x, y datastore.Need) int { return cmp.Compare(x.Resource, y.Resource) })
	return needs
}

// permissions of a data access policy that each operation needs.
var permissions = map[string][]string{
	"Index":  {"aoss:WriteDocument"},
	"Get":    {"aoss:ReadDocument"},
	"Delete": {"aoss:WriteDocument"},
	"Bulk":   {"aoss:WriteDocument"},
	"Search": {"aoss:ReadDocument"},
	"Ensure": {"aoss:CreateIndex", "aoss:DescribeIndex", "aoss:UpdateIndex"},
}

// IndexPermissions are the permissions that the data access policy of a serverless
// collection must give the function's role on the resource
// index/COLLECTION/[Spec.Index], sorted.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
func (s Spec) IndexPermissions(ops []string) []string {
	var list []string
	for _, op := range ops {
		list = append(list, permissions[op]...)
	}
	slices.Sort(list)
	return slices.Compact(list)
}
