package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
)

// integration joins a route to its function. One in stream mode invokes it by
// another path and may take as long as a function may run. The permission of the
// route is the same: lambda:InvokeFunction.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html.
func integration(r *tier.Route) object {
	path, wait := "2015-03-31/functions/"+arnInText(r.Function())+"/invocations", integrationTimeout
	if r.Streams() {
		path = "2021-11-15/functions/" + arnInText(r.Function()) + "/response-streaming-invocations"
		wait = int(tier.StreamTimeout.Milliseconds())
	}
	o := object{
		{"type", "aws_proxy"},
		{"httpMethod", "POST"},
		{"uri", sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/" + path)},
		{"passthroughBehavior", "when_no_match"},
		{"timeoutInMillis", wait},
	}
	if r.Streams() {
		o = append(o, member{"responseTransferMode", "STREAM"})
	}
	return append(o, tenantOf(r)...)
}
