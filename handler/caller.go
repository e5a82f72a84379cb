package handler

import "slices"

// Caller is one view of who is calling, over all authorizers. The zero value is
// an anonymous caller. What is in it was verified by the front door, or by a
// middleware; it is never just read from headers, which a client can forge.
type Caller struct {
	// Kind is the authorizer, or what else, that let the caller in; "" for none.
	Kind CallerKind
	// ID tells callers of one issuer apart: the "sub" claim of a token, the
	// principal id of a Lambda authorizer, the user id of an IAM identity. Somebody
	// of another issuer may have the same.
	ID string
	// ARN of an IAM caller.
	ARN string
	// Account that an IAM caller belongs to.
	Account string
	// Identity is the Cognito identity id of a caller from an identity pool.
	Identity string
	// Claims of a token, or the context that a Lambda authorizer passed on.
	// Values are as the front door gives them: text; other JSON values as their
	// JSON. Not to be changed.
	Claims map[string]string
	// Scopes of an access token.
	Scopes []string
	// Groups of a Cognito user.
	Groups []string
}

// CallerKind is the kind of authorizer that let a caller in.
type CallerKind string

// The authorizers of API Gateway and Lambda function URLs, and what package
// middleware verifies.
const (
	CallerIAM         CallerKind = "iam"         // SigV4
	CallerJWT         CallerKind = "jwt"         // JWT authorizer, Cognito user pool; middleware.JWT
	CallerLambda      CallerKind = "lambda"      // Lambda authorizer
	CallerKey         CallerKind = "key"         // middleware.APIKeys
	CallerSignature   CallerKind = "signature"   // middleware.Signed
	CallerCertificate CallerKind = "certificate" // middleware.ClientCertificate
)

// Anonymous reports whether no authorizer let the caller in.
func (c Caller) Anonymous() bool { return c.Kind == "" }

// Claim is one claim, "" if there is none.
func (c Caller) Claim(name string) string { return c.Claims[name] }

// HasScope reports whether the caller's token has the scope.
func (c Caller) HasScope(scope string) bool { return slices.Contains(c.Scopes, scope) }

// InGroup reports whether the caller is in the group.
func (c Caller) InGroup(group string) bool { return slices.Contains(c.Groups, group) }
