package connection

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Stage is the stage of the WebSocket API whose connections these are: the one
// that the template deploys.
const Stage = "live"

// Spec says whose connections these are. It is comparable.
type Spec struct {
	Logical string // the name of the WebSocket API: "chat"
}

var _ datastore.Spec = Spec{}

// Kind is "connection".
func (s Spec) Kind() string { return "connection" }

// Name is the name of the WebSocket API.
func (s Spec) Name() string { return s.Logical }

// methods by which the operations reach @connections.
var methods = map[string]string{"Send": "POST", "State": "GET", "Close": "DELETE"}

// Needs are execute-api:ManageConnections on the method of each of ops, for all
// connections of the one stage: ids are not known before.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
func (s Spec) Needs(ops []string) []datastore.Need {
	var needs []datastore.Need
	for _, op := range slices.Sorted(slices.Values(ops)) {
		if method, ok := methods[op]; ok {
			needs = append(needs, datastore.Need{
				Service:  "execute-api",
				Actions:  []string{"ManageConnections"},
				Resource: "{name}/" + Stage + "/" + method + "/@connections/*",
			})
		}
	}
	return needs
}
