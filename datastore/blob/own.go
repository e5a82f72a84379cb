package blob

import (
	"context"
	"errors"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// PerTenant is the bucket narrowed to the objects of the tenant, [datastore.Tenant]:
// those whose key begins, behind the prefix of [Bucket.Under], with [datastore.TenantKey]
// and "/". With another key or prefix, and without a tenant, its operations answer
// [datastore.ErrDenied].
//
//	files := datastore.Use[store](api, blob.New(data, "files").Under("tenants/").PerTenant())
//	info, err := files.Put(ctx, "tenants/"+datastore.TenantKey(ctx)+"/logo.png", body)
//
// Where other functions use other parts of the bucket, a prefix that nobody is called by
// keeps them apart: without Under("tenants/") a tenant "public" would own what is under
// "public/", which package tier refuses.
//
// In AWS the role of a function is the same for all tenants. To have S3 refuse other keys
// as well, the driver assumes a second role for each tenant, with [datastore.TenantKey] as
// the session tag "tenant": the one whose ARN the variable TIERKIT_CALLER_ROLE holds.
// Without that variable tenants are kept apart by this package alone. Signed URLs end with
// the credentials of that role, which last for one to fifteen minutes: [Signed].Expires
// says so.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/access_iam-tags.html
func (b *Bucket) PerTenant() *Own { return b.per(datastore.ByTenant) }

// PerCaller is the bucket narrowed to the objects of the caller, [datastore.CallerID]:
// those whose key begins with the id and "/", as PerTenant says for tenants. An id with a
// "/" in it is refused.
func (b *Bucket) PerCaller() *Own { return b.per(datastore.ByCaller) }

func (b *Bucket) per(owner datastore.Owner) *Own {
	own := *b
	own.spec.Owner |= owner
	spec := own.spec
	spec.Prefix = "" // which the handle knows
	own.state = handle.Narrow(b.state, spec, func(ctx context.Context, d Driver) (Conn, error) {
		return d.OpenBucket(ctx, own.state.Data, spec)
	})
	return &Own{&own}
}

// Own is a bucket narrowed to the objects of the tenant, by [Bucket.PerTenant], of the
// caller, by [Bucket.PerCaller], or of the caller within the tenant, by both: keys begin
// with the tenant, "/", the caller and "/" then.
type Own struct{ bucket *Bucket }

var _ datastore.Store = (*Own)(nil)

// PerTenant is narrowed to the tenant too: it is [Bucket.PerTenant] with PerCaller.
func (o *Own) PerTenant() *Own { return o.bucket.per(datastore.ByTenant) }

// PerCaller is narrowed to the caller too: of a tenant's objects, those of the caller.
func (o *Own) PerCaller() *Own { return o.bucket.per(datastore.ByCaller) }

// Spec is a [Spec], with the scope.
func (o *Own) Spec() datastore.Spec { return o.bucket.spec }

// Capabilities are those of the bucket.
func (o *Own) Capabilities() []datastore.Capability { return capabilities }

// Handle is for [datastore.Use].
func (o *Own) Handle(g *datastore.Grant) any { return &granted{o.bucket, g} }

var errCallerSlash = &datastore.Error{Kind: datastore.ErrDenied, Err: errors.New(
	"the id of the caller has a \"/\", which divides keys; a middleware behind the authorizer sets one without by datastore.WithCallerID")}

// prefix is what the keys of a scope begin with.
func (s Spec) prefix(ctx context.Context) (string, error) {
	if s.Owner == 0 {
		return s.Prefix, nil
	}
	owned, err := s.Owner.Of(ctx)
	switch {
	case err != nil:
		return "", err
	case strings.Contains(owned.Caller, "/"):
		return "", errCallerSlash
	}
	return s.Prefix + owned.Join("/") + "/", nil
}

// pattern is what the keys of a scope begin with, in policies of IAM.
func (s Spec) pattern() string {
	if s.Owner == 0 {
		return s.Prefix
	}
	return s.Prefix + s.Owner.Variable("/") + "/"
}
