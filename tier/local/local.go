// Package local is API Gateway and Lambda on this machine. A [Gateway] is an
// http.Handler that makes of each request the event that AWS would make, gives
// its bytes to the function that owns the route, and turns the function's answer
// back as the gateway would, with its limits, its error bodies and its headers.
//
//	gateway, err := local.NewGateway(api, functions, nil)
//	if err != nil {
//		return err
//	}
//	listener, err := local.Listen(3000)
//	if err != nil {
//		return err
//	}
//	return local.Serve(ctx, listener, gateway, nil)
//
// What differs from AWS, on purpose:
//
//   - An API is served at the root: its URLs have no stage. The event has one,
//     "local" unless [Options] says otherwise: requestContext.stage is "local"
//     and requestContext.path is "/local/orders/7" for GET /orders/7, as for
//     every API that is called by its execute-api host.
//   - The account is 000000000000, the region of function ARNs is "local", and
//     the ids of the API and its resources are derived from their names.
//   - X-Forwarded-Proto is "https" and X-Forwarded-Port "443", as in AWS,
//     although the local server speaks plain HTTP. The Host header is what the
//     client sent; requestContext.domainName is that without the port.
//   - Functions run inside this process: memory is not limited, the file system
//     is this machine's, and a panic fails one invocation, not the process.
//
// The rules were read from the API Gateway developer guide and from recorded
// answers of AWS. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
package local

import (
	"hash/fnv"
	"strconv"
)

// accountID of everything here.
const accountID = "000000000000"

// functionARN of a local function.
func functionARN(name string) string {
	return "arn:aws:lambda:local:" + accountID + ":function:" + name
}

// nameID is an id as AWS would assign it, lower-case letters and digits, but
// always the same for a name.
func nameID(length int, name string) string {
	h := fnv.New64a()
	h.Write([]byte(name)) // a hash never fails
	id := "000000000000" + strconv.FormatUint(h.Sum64(), 36)
	return id[len(id)-length:]
}
