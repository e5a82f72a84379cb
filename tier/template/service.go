package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// service is a web service that somebody else runs: its URL is a parameter, and so is
// the id of its API if requests to it are signed, and its security group otherwise.
func (s *stack) service(store usedStore, spec service.Spec) {
	id := policy.StoreID(spec)
	s.parameterOnce(parameter{id, "String", "The URL of the service " + spec.Name() + "."}, store.at)
	if spec.Signed {
		s.parameterOnce(parameter{id + "Api", "String", "The id of the API of the service " + spec.Name() + "."}, store.at)
	} else {
		s.parameterOnce(parameter{storeGroupID(spec), "AWS::EC2::SecurityGroup::Id", "The security group of the service " + spec.Name() + "."}, store.at)
	}
}
