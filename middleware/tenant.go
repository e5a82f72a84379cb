package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// TenantSource says for which tenant a request or a record is, "" for none: [TenantClaim],
// [TenantHeader], [LambdaTenant], or a function of the application, whose error is the
// answer. It must be safe for concurrent use.
type TenantSource func(ctx context.Context, req *handler.Request) (id string, err error)

// TenantOptions changes what [Tenant] does. The zero value of each field is its default.
type TenantOptions struct {
	// Optional lets pass what is for no tenant, and for nobody's stores: those that are
	// narrowed to tenants refuse it. An id that cannot be is refused all the same.
	Optional bool
}

// Tenant finds out for which tenant a request or a record is:
//
//	api.Use(middleware.Tenant(middleware.TenantClaim("tenant"), nil))
//
// Behind it the id is [datastore.Tenant] of the context, to which stores are narrowed by
// PerTenant, and the note "tenant" ([Note]), which logs, metrics, traces and the audit log
// have. [Once], [Cache] and [RateLimit] tell tenants apart by it.
//
//	there is a tenant                     the handler runs for it
//	there is none                         403, code "no_tenant"
//	datastore.CheckTenant refuses it      403, code "no_tenant"
//	a Tenant outside has found another    403, code "no_tenant"
//
// # Order
//
// Inside of what verifies callers, and outside of [Cache] and [Once]: a Tenant inside of
// them finds a tenant that their keys do not have, and fails with status 500. opts may be nil.
// Panics with a [*datastore.DeclarationError] if there is no source.
func Tenant(from TenantSource, opts *TenantOptions) handler.Middleware {
	if from == nil {
		misdeclared("Tenant: there is no source; write middleware.TenantClaim(%q), or where else it is said", "tenant")
	}
	t := &tenant{from: from}
	if opts != nil {
		t.TenantOptions = *opts
	}
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			ctx, err := t.enter(ctx, req)
			if err != nil {
				return nil, err
			}
			return next.Handle(ctx, req)
		}, answers(noTenant(ErrNoTenant))}
	}
}

// TenantClaim takes the tenant from a claim of the caller, whom the front door's authorizer
// or a middleware outside has verified: of a token, or of the context that a Lambda
// authorizer has passed on. No caller has no tenant, whatever the request says. A claim that
// is a list is refused.
//
// The issuer must be the one who fills the claim. In a Cognito user pool that is a custom
// attribute that the app client cannot write, or the pre token generation trigger.
//
// Panics with a [*datastore.DeclarationError] if name is empty.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
func TenantClaim(name string) TenantSource {
	if name == "" {
		misdeclared("TenantClaim: name a claim")
	}
	return func(_ context.Context, req *handler.Request) (string, error) {
		caller := req.Caller()
		if caller.Anonymous() {
			return "", nil
		}
		return caller.Claim(name), nil
	}
}

// TenantHeader takes the tenant from a header. Every client can send any header: it is
// for functions that are reached only by way of something that sets it and lets through
// no other, such as a private API behind a proxy, or a REST API with a mapping. A header
// that is there twice is refused.
//
// Panics with a [*datastore.DeclarationError] if name is not that of a header.
func TenantHeader(name string) TenantSource {
	if !isToken(name) {
		misdeclared("TenantHeader: %q: write the name of a header", name)
	}
	return func(_ context.Context, req *handler.Request) (string, error) {
		values := req.HeaderValues(name)
		switch len(values) {
		case 0:
			return "", nil
		case 1:
			return values[0], nil
		}
		return "", noTenant(errManyTenants)
	}
}

// LambdaTenant is the tenant for which Lambda runs the function in an execution
// environment of its own: the id that the invocation was sent with, of a function that is
// configured for tenant isolation, and none of others. Whoever may invoke the function
// chooses it: API Gateway by what the integration is mapped from.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
func LambdaTenant(ctx context.Context, _ *handler.Request) (string, error) {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return "", nil
	}
	return lc.TenantID, nil
}

var _ TenantSource = LambdaTenant

// ErrNoTenant is the cause of the [*handler.Error] of status 403 of [Tenant].
var ErrNoTenant = errors.New("tenant: the request is for no tenant")

// tenantError is an ErrNoTenant where something was said.
type tenantError string

const (
	errManyTenants tenantError = "tenant: the header is there more than once"
	errBadTenant   tenantError = "tenant: the id cannot be one of a tenant; see datastore.CheckTenant"
	errOtherTenant tenantError = "tenant: a Tenant outside of this one has found another tenant"
)

func (e tenantError) Error() string        { return string(e) }
func (e tenantError) Is(target error) bool { return target == ErrNoTenant }

var errTenantInside = errors.New("tenant: a Cache or a Once outside of Tenant has looked for an answer without the tenant; write Tenant before them")

func noTenant(cause error) error {
	return &handler.Error{Status: http.StatusForbidden, Code: "no_tenant", Message: "this is for tenants that are known", Err: cause}
}

type tenant struct {
	from TenantSource
	TenantOptions
}

// enter is ctx with the tenant.
func (t *tenant) enter(ctx context.Context, req *handler.Request) (context.Context, error) {
	id, err := t.from(ctx, req)
	known, ok := datastore.Tenant(ctx)
	switch {
	case err != nil:
		return nil, err
	case id == "" && !t.Optional:
		return nil, noTenant(ErrNoTenant)
	case id == "":
		return ctx, nil
	case datastore.CheckTenant(id) != nil:
		return nil, noTenant(errBadTenant)
	case ok && known != id:
		return nil, noTenant(errOtherTenant)
	case ok:
		return ctx, nil
	case answeredFor(ctx, req):
		return nil, errTenantInside
	}
	ctx = WithNotes(ctx)
	Note(ctx, slog.String(noteTenant, id))
	return datastore.WithTenant(ctx, id), nil
}

// tenantless is a context in which a request is answered by what others were answered
// for whom no tenant was known either.
type tenantless struct {
	context.Context
	req *handler.Request
}

type tenantlessKey struct{}

func (t *tenantless) Value(key any) any {
	if key == (tenantlessKey{}) {
		return t
	}
	return t.Context.Value(key)
}

// answersAll is ctx for a handler whose answer to req is given again: where no tenant is
// known it is for all, and none may be found any more.
func answersAll(ctx context.Context, req *handler.Request) context.Context {
	if _, ok := datastore.Tenant(ctx); ok {
		return ctx
	}
	return &tenantless{ctx, req}
}

// answeredFor reports whether req is answered for all tenants. What it calls in the same
// process is another request.
func answeredFor(ctx context.Context, req *handler.Request) bool {
	t, _ := ctx.Value(tenantlessKey{}).(*tenantless)
	return t != nil && t.req.Same(req)
}
