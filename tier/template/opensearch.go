package template

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// What a domain has that nobody declares.
const (
	searchEngine   = "OpenSearch_2.19"
	searchInstance = "t3.small.search"
	searchVolumeGB = 10
	tlsPolicy      = "Policy-Min-TLS-1-2-PFS-2023-10"
)

// search adds an OpenSearch domain with two nodes in two zones, encrypted
// everywhere, or a serverless collection with the policies that it cannot be
// without. A domain has no policy of its own: the roles of the functions say who may
// do what. See
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-opensearchservice-domain.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-opensearchserverless-collection.html.
func (s *stack) search(store usedStore, spec search.Spec) {
	if spec.Service == search.Serverless {
		s.collection(store, spec)
		return
	}
	s.add(resource{
		id: policy.StoreID(spec), typ: "AWS::OpenSearchService::Domain", at: store.at,
		attributes: object{{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"}},
		properties: object{
			{"EngineVersion", searchEngine},
			{"ClusterConfig", object{
				{"InstanceType", searchInstance}, {"InstanceCount", 2},
				{"ZoneAwarenessEnabled", true}, {"ZoneAwarenessConfig", object{{"AvailabilityZoneCount", 2}}},
			}},
			{"EBSOptions", object{{"EBSEnabled", true}, {"VolumeType", "gp3"}, {"VolumeSize", searchVolumeGB}}},
			{"EncryptionAtRestOptions", object{{"Enabled", true}}},
			{"NodeToNodeEncryptionOptions", object{{"Enabled", true}}},
			{"DomainEndpointOptions", object{{"EnforceHTTPS", true}, {"TLSSecurityPolicy", tlsPolicy}}},
			{"AdvancedOptions", object{{"rest.action.multi.allow_explicit_index", "false"}}},
		},
	})
}

// collection adds a collection, encrypted by a key of AWS and reached over the
// internet by whom the data access policy names: each function, for what it does.
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html.
func (s *stack) collection(store usedStore, spec search.Spec) {
	id := policy.StoreID(spec)
	name := ownName(spec.Name(), maxCollectionName)
	of := func(kind string) string { return `{"ResourceType":"` + kind + `","Resource":["` + kind + `/${Name}` }
	for _, p := range []struct{ typ, id, text string }{
		{"encryption", id + "Encryption", `{"Rules":[` + of("collection") + `"]}],"AWSOwnedKey":true}`},
		{"network", id + "Network", `[{"Rules":[` + of("collection") + `"]}],"AllowFromPublic":true}]`},
	} {
		s.add(resource{id: p.id, typ: "AWS::OpenSearchServerless::SecurityPolicy", at: store.at, properties: object{
			{"Name", name}, {"Type", p.typ}, {"Policy", subWith(p.text, object{{"Name", name}})},
		}})
	}
	s.add(resource{id: id + "Access", typ: "AWS::OpenSearchServerless::AccessPolicy", at: store.at, properties: object{
		{"Name", name}, {"Type", "data"}, {"Policy", subWith(s.dataAccess(spec), object{{"Name", name}})},
	}})
	s.add(resource{
		id: id, typ: "AWS::OpenSearchServerless::Collection", at: store.at,
		attributes: object{
			{"DependsOn", array{id + "Encryption", id + "Network"}},
			{"DeletionPolicy", "Retain"}, {"UpdateReplacePolicy", "Retain"},
		},
		properties: object{{"Name", name}, {"Type", "SEARCH"}},
	})
}

// dataAccess is the data access policy of a collection, for Fn::Sub.
func (s *stack) dataAccess(spec search.Spec) string {
	type rule struct {
		ResourceType string
		Resource     []string
		Permission   []string
	}
	type access struct {
		Rules     []rule
		Principal []string
	}
	var all []access
	for _, f := range s.app.Functions() {
		for _, u := range datastore.Usages(f.Grants()) {
			if datastore.Same(u.Spec, spec) {
				all = append(all, access{
					Rules:     []rule{{"index", []string{"index/${Name}/" + spec.Index()}, spec.IndexPermissions(u.Ops)}},
					Principal: []string{"${" + policy.RoleID(f) + ".Arn}"},
				})
			}
		}
	}
	text, err := json.Marshal(all)
	if err != nil { // texts always have a form
		return ""
	}
	return string(text)
}

// searchURL is what the driver finds an index by.
func searchURL(spec search.Spec) reference {
	id := policy.StoreID(spec)
	if spec.Service == search.Serverless {
		return sub("${" + id + ".CollectionEndpoint}/" + spec.Index())
	}
	return sub("https://${" + id + ".DomainEndpoint}/" + spec.Index())
}

// maxCollectionName is the length of the name of a collection and its policies.
const maxCollectionName = 32

// ownName is a physical name for a store whose name must be known before it is
// made, of at most limit letters: the logical one, as small letters, digits and
// hyphens, and the beginning of the UUID in the stack's id, which is the time at
// which it was made. Of a name that is too long the end is a hash of all of it.
func ownName(logical string, limit int) object {
	const ending = 9 // "-" and the first group of a UUID
	var parts []string
	for part := range strings.FieldsFuncSeq(strings.ToLower(logical), func(r rune) bool { return r == '-' || r == '_' }) {
		parts = append(parts, part)
	}
	name := strings.Join(parts, "-")
	if len(name) > limit-ending {
		sum := sha256.Sum256([]byte(name))
		hash := hex.EncodeToString(sum[:4])
		name = strings.TrimRight(name[:limit-ending-len("-")-len(hash)], "-") + "-" + hash
	}
	stack := object{{"Fn::Select", array{2, object{{"Fn::Split", array{"/", ref("AWS::StackId")}}}}}}
	made := object{{"Fn::Select", array{0, object{{"Fn::Split", array{"-", stack}}}}}}
	return object{{"Fn::Join", array{"-", array{name, made}}}}
}
