// Package local is what stands before Lambda functions, and Lambda, on this
// machine. A [Gateway] is an http.Handler that makes of each request the event
// that AWS would make, gives its bytes to the function that owns the route, and
// turns the function's answer back as the front door would, with its limits, its
// error bodies and its headers.
//
//	gateway, err := local.NewGateway(api, functions, &local.Options{Door: local.HTTP{}})
//	if err != nil {
//		return err
//	}
//	listener, err := local.Listen(3000)
//	if err != nil {
//		return err
//	}
//	return local.Serve(ctx, listener, gateway, nil)
//
// # Front doors
//
//	door             routes by        a path no route has     a function error
//	REST             resource, method 404 problem document    502 {"message": "Internal server error"}
//	HTTP             decoded path     404 {"message":...}     500 {"message":"Internal Server Error"}
//	URL              nothing          the function's own 404  502 Internal Server Error
//	ALB              nothing          the function's own 404  502 and an HTML page
//
// A door that routes nothing serves one function; an API of several functions
// takes a gateway for each. A WebSocket API has a [SocketGateway].
//
// A route that was declared with tier.Stream, and a [URL] in stream mode, send
// the answer on as the function makes it; one that breaks off breaks the
// connection.
//
// A [Lambda] is the Invoke API for the functions of an App, which the AWS CLI and
// SDKs can call. An [Explanation] says what a gateway made of a request.
//
// What differs from AWS, on purpose:
//
//   - An API that declares no stages is served at the root: the URLs of a REST
//     API have no stage. The event has one, "local" unless [REST] says otherwise:
//     requestContext.stage is "local" and requestContext.path is
//     "/local/orders/7" for GET /orders/7, as for every API that is called by its
//     execute-api host. The default stage of an HTTP API has no segment anywhere;
//     another, see [HTTP], has one in both. An API that declares stages has their
//     names as the first segment of its URLs, as on AWS.
//   - A custom domain name is known by the host of a request, with or without
//     ".localhost" behind it; no certificate is looked at. Every gateway answers
//     to the names of its own API, and after [ShareDomains] to those of others.
//   - The account is 000000000000, the region of the ARNs of functions and target
//     groups is "local", and the ids of APIs, resources, function URLs and target
//     groups are derived from their names.
//   - The ARNs of requests to APIs, which policies and authorizers see, have the
//     Region of the [Identities]: us-east-1 unless the file says another. Requests
//     to routes with tier.IAM are signed for it. AWS asks only for the Region
//     that the API is in.
//   - X-Forwarded-Proto is "https" and X-Forwarded-Port "443", as in AWS,
//     although the local server speaks plain HTTP. The Host header is what the
//     client sent; requestContext.domainName is that without the port, but for a
//     function URL, which is known by its domain.
//   - When the client of a streamed answer goes, the function is told; AWS lets
//     it run on. Streams are not slowed down, in AWS they are to 2 MB/s after
//     the first 6 MB (Lambda) and 10 MB (REST API).
//   - Functions run inside this process: memory is not limited, the file system
//     is this machine's, and a panic fails one invocation, not the process.
//
// The rules were read from the developer guides of the services and from
// recorded answers of AWS. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html,
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html and
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html.
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

// apiID is the id of a REST or HTTP API here.
func apiID(api string) string { return nameID(10, "api "+api) }

// logTime is how events and gateway responses write a time beside the epoch.
const logTime = "02/Jan/2006:15:04:05 -0700"
