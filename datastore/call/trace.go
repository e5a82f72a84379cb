package call

import (
	"encoding/base64"
	"encoding/json"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// ClientContext is a trace as Lambda hands it to the function that is called: among
// the custom values of the client context, which it has in its lambdacontext, under
// [datastore.TraceParent] and [datastore.TraceState]. It is JSON in base64 of at most
// 3,583 bytes, nil for no trace. It is for drivers.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func ClientContext(trace datastore.Trace) *string {
	const limit = 3583
	if trace.Parent == "" {
		return nil
	}
	custom := map[string]string{datastore.TraceParent: trace.Parent}
	if trace.State != "" {
		custom[datastore.TraceState] = trace.State
	}
	text, err := json.Marshal(map[string]any{"custom": custom})
	if err != nil || base64.StdEncoding.EncodedLen(len(text)) > limit {
		return nil
	}
	encoded := base64.StdEncoding.EncodeToString(text)
	return &encoded
}
