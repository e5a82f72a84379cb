package tier

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// FunctionURL is a URL at which a function is reached without an API: all of its
// routes, and its own 404 and 405. See [URL].
type FunctionURL struct {
	// Auth says who may call. Default URLIAM.
	Auth URLAuth
	// Stream sends answers as they are made: invoke mode RESPONSE_STREAM, in
	// which an answer may have 200 MB and take 15 minutes. Default BUFFERED, with
	// 6 MB.
	// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html.
	Stream bool
}

// URLAuth says who may call a [FunctionURL].
type URLAuth string

// The two auth types of function URLs.
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html.
const (
	// URLIAM lets in who signs requests with AWS credentials (SigV4, service
	// lambda) that are allowed lambda:InvokeFunctionUrl and lambda:InvokeFunction
	// on the function. The default.
	URLIAM URLAuth = "AWS_IAM"
	// URLPublic lets in everybody.
	URLPublic URLAuth = "NONE"
)

// URL gives a function a URL of its own:
//
//	api.Function("live", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
//
// The URL goes past the API and what it declares: authorizers, API keys, the
// resource policy, throttling, the cache. So the URL of a function whose routes
// have an authorizer other than [IAM] is refused, and so is a public one where
// they have any, and one where they ask for an API key or the API has a resource
// policy.
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html.
func URL(u FunctionURL) FunctionOption {
	return functionOption(func(f *Function) {
		if u.Auth == "" {
			u.Auth = URLIAM
		}
		switch {
		case u.Auth != URLIAM && u.Auth != URLPublic:
			f.app.fail(f.at, "function %s: the auth of its URL is %q; write tier.URLIAM or tier.URLPublic", f.name, string(u.Auth))
		case f.url != nil:
			f.app.fail(f.at, "function %s: two URLs; a function has one", f.name)
		default:
			f.url = &u
		}
	})
}

// URL of the function, nil if it has none. It is not to be changed.
func (f *Function) URL() *FunctionURL { return f.url }

// checkURL finds routes that the URL would open to whom their authorizer keeps
// out.
func (f *Function) checkURL() []error {
	if f.url == nil {
		return nil
	}
	if len(f.settled()) == 0 {
		return []error{&datastore.DeclarationError{At: f.at, Message: fmt.Sprintf(
			"function %s: a URL, but no routes that it could serve; give it one with Handle, or drop tier.URL", f.name)}}
	}
	var errs []error
	for _, r := range f.settled() {
		if what := f.pastURL(r); what != "" {
			errs = append(errs, mistake(r.at, "route %s: the URL of function %s (%s) would serve it %s; move the route to a function without a URL",
				r, f.name, f.url.Auth, what))
		}
		if len(r.versions) > 0 && f.api.versions.byStage && f.api.versions.by.Default == "" {
			errs = append(errs, mistake(r.at, "route %s: the URL of function %s has no stage, which would name the version; write tier.DefaultVersion, or move the route to a function without a URL",
				r, f.name))
		}
	}
	return errs
}

// pastURL is what guards a route in its API and would not behind the function's
// URL, "" for nothing.
func (f *Function) pastURL(r *Route) string {
	switch a := r.Authorizer(); {
	case a != nil && !(IsIAM(a) && f.url.Auth == URLIAM):
		return "past authorizer " + a.Name()
	case f.api.policy != nil:
		return "past the resource policy of API " + f.api.name
	case f.api.private.declared:
		return "past the endpoints of the private API " + f.api.name
	case f.api.waf != nil:
		return "past the web ACL of API " + f.api.name
	case r.keyRequired:
		return "without the API key that it asks for"
	}
	return ""
}
