package local

import (
	"errors"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

// urlIAM is a function URL of auth type AWS_IAM: whoever may invoke it may send
// any request.
type urlIAM struct{ arn string }

func (d *urlIAM) resource(*exchange) string { return d.arn }

func (d *urlIAM) tell(x *exchange, caller *Identity) {
	x.kind, x.authorizer = "iam", caller.appendAuthorizer(nil)
}

// refuse is urlForbidden for all who did not sign or are not allowed to. What is
// said of a wrong signature is known from what people report.
func (d *urlIAM) refuse(err error) *refusal {
	var wrong *sigv4.Refusal
	if !errors.As(err, &wrong) || wrong.Code == sigv4.MissingAuthenticationToken {
		return &urlForbidden
	}
	return &refusal{http.StatusForbidden, jsonType, messageBody("message", wrong.Message), string(wrong.Code)}
}

// urlActions are what a caller of a function URL needs. The second is needed
// since October 2025.
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html.
var urlActions = []string{"lambda:InvokeFunctionUrl", "lambda:InvokeFunction"}

// newURLGate is the gate of a function URL: that of auth type AWS_IAM if all
// routes of the function want it, nil if none has an authorizer.
func newURLGate(f *tier.Function, o *Options) (*iamGate, error) {
	signed, err := wholeIAM(f)
	if u := f.URL(); u != nil {
		signed, err = u.Auth == tier.URLIAM, nil // what it would open is refused at declaration
	}
	if err != nil || !signed {
		return nil, err
	}
	o.iam = newAuthority("lambda", urlActions, o.Identities, o.Now)
	o.iam.facts = map[string][]string{"lambda:FunctionUrlAuthType": {"AWS_IAM"}, "lambda:InvokedViaFunctionUrl": {"true"}}
	arn := invokeARN(f, o.iam.region)
	o.iam.guarded = []guarded{{what: "all of function " + f.Name(), arn: arn}}
	return &iamGate{authority: o.iam, door: &urlIAM{arn}}, nil
}

// invokeARN is what an invocation of a function is allowed on.
func invokeARN(f *tier.Function, region string) string {
	return "arn:aws:lambda:" + region + ":" + accountID + ":function:" + f.Name()
}

// wholeIAM reports whether IAM guards the routes of a function: all, or none.
func wholeIAM(f *tier.Function) (bool, error) {
	signed := false
	for i, r := range f.Routes() {
		a := r.Authorizer()
		switch {
		case a != nil && !tier.IsIAM(a):
			return false, &datastore.DeclarationError{At: r.At(), Message: "route " + r.String() + ": a function URL has no authorizer such as " + a.Name() +
				", only IAM; serve it behind a REST or an HTTP API"}
		case i > 0 && signed != (a != nil):
			return false, &datastore.DeclarationError{At: r.At(), Message: "route " + r.String() + ": a function URL is signed or open as a whole, and of function " + f.Name() +
				" some routes have IAM and some are public; give one kind a function of its own, or serve it behind a REST or an HTTP API"}
		}
		signed = a != nil
	}
	return signed, nil
}

// unguarded refuses a function with authorizers for a door that has none.
func unguarded(door Door, f *tier.Function) error {
	for _, r := range f.Routes() {
		if a := r.Authorizer(); a != nil {
			return &datastore.DeclarationError{At: r.At(), Message: "route " + r.String() + ": a " + door.String() + " has no authorizer such as " + a.Name() +
				" and would let everybody in; serve it behind a REST or an HTTP API"}
		}
	}
	return nil
}
