package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// url adds the URL of a function, and for a public one the two permissions that
// let everybody in. Whoever signs needs no permission here but one of its own.
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html.
func (s *stack) url(f *tier.Function) {
	u := f.URL()
	if u == nil {
		return
	}
	id, mode := policy.LogicalID(f.Name(), "url"), "BUFFERED"
	if u.Stream {
		mode = "RESPONSE_STREAM"
	}
	qualifier, after := qualified(f)
	s.add(resource{
		id: id, typ: "AWS::Lambda::Url", at: f.At(), attributes: after,
		properties: append(object{
			{"TargetFunctionArn", getAtt(policy.FunctionID(f), "Arn")},
			{"AuthType", string(u.Auth)},
			{"InvokeMode", mode},
		}, qualifier...),
	})
	if u.Auth == tier.URLPublic {
		s.openURL(f, "call", object{{"Action", "lambda:InvokeFunctionUrl"}, {"FunctionUrlAuthType", string(u.Auth)}})
		s.openURL(f, "invoke", object{{"Action", "lambda:InvokeFunction"}, {"InvokedViaFunctionUrl", true}})
	}
	s.output(id, "Where the function "+f.Name()+" is reached without an API.", getAtt(id, "FunctionUrl"), f.At())
}

// openURL lets everybody do what action says, through the function's URL and in
// no other way.
func (s *stack) openURL(f *tier.Function, what string, action object) {
	s.add(resource{
		id: policy.LogicalID(f.Name(), "url", what, "permission"), typ: "AWS::Lambda::Permission", at: f.At(),
		properties: append(object{
			{"FunctionName", invoked(f)},
			{"Principal", "*"},
		}, action...),
	})
	s.granted(f, statementSize)
}
