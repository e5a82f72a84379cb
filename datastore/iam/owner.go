package iam

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The credentials of an owner live for a quarter of an hour, the shortest there is,
// and are not used any more a minute before they end. A sandbox keeps those of the
// owners it saw last.
const (
	ownerLife    = 15 * time.Minute
	ownerReserve = time.Minute
	ownersKept   = 500
)

// Owners gives each caller, each tenant, or each caller within a tenant, credentials of a
// role that was assumed for it, with the session tags "caller" and "tenant", or one of
// them: what DynamoDB's leading keys and the keys of S3 are compared with. The owner is
// the one in the context of the request, [datastore.Owner.Of]: a request without one is
// refused, as is an id that no session tag can be. The tag "tenant" is
// [datastore.TenantKey].
//
// It is safe for concurrent use. An owner's role is assumed once for all requests
// that wait for it.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
type Owners struct {
	role  string
	owner datastore.Owner
	retry *Retry
	now   func() time.Time
	// assume is AssumeRole of AWS STS.
	assume func(context.Context, *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error)

	mu    sync.Mutex
	known map[datastore.Owned]*list.Element // of *ownerKeys
	order *list.List                        // the last used first
}

// NewOwners assumes role, an ARN, for each owner with the credentials of cfg.
func NewOwners(cfg aws.Config, role string, owner datastore.Owner, now func() time.Time) *Owners {
	client := sts.NewFromConfig(cfg)
	return &Owners{
		role: role, owner: owner, retry: NewRetry(nil), now: now, known: map[datastore.Owned]*list.Element{}, order: list.New(),
		assume: func(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
			return client.AssumeRole(ctx, in)
		},
	}
}

// ownerKeys are the credentials of one owner, or the attempt to get them.
type ownerKeys struct {
	of   datastore.Owned
	done chan struct{} // closed when keys or err is there
	keys aws.Credentials
	err  error
	own  bool // err is of the request that asked, whose time ended, and of no other
}

var _ aws.CredentialsProvider = (*Owners)(nil)

// Retrieve gives the credentials of the owner in ctx.
func (c *Owners) Retrieve(ctx context.Context) (aws.Credentials, error) {
	of, err := c.owner.Of(ctx)
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		return aws.Credentials{}, c.named(e)
	}
	k, first := c.find(of)
	if first {
		c.fetch(ctx, k)
	}
	select {
	case <-k.done:
	case <-ctx.Done():
		return aws.Credentials{}, c.named(&datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()})
	}
	if k.own && !first && ctx.Err() == nil {
		return c.Retrieve(ctx) // the one that asked gave up; this one did not
	}
	return k.keys, k.err
}

// fetch gets the keys with the time of the request that asked first. A panic leaves
// the others to try by themselves.
func (c *Owners) fetch(ctx context.Context, k *ownerKeys) {
	k.own = true
	defer func() {
		if k.own || k.err != nil {
			c.forget(k)
		}
		close(k.done)
	}()
	k.keys, k.err = c.get(untraced{ctx}, k.of)
	k.own = k.err != nil && (ctx.Err() != nil || errors.Is(k.err, datastore.ErrNoBudget))
}

// untraced is a context without its values. The connections to AWS STS are none of
// the request that waits for the credentials, of which is watched whether it got one.
type untraced struct{ context.Context }

func (untraced) Value(any) any { return nil }

// named is an error of getting the credentials.
func (c *Owners) named(err *datastore.Error) error {
	err.Store, err.Op = c.owner.String(), "assume"
	return err
}

// find is what is known of an owner; first says that the one that asks is to get
// it.
func (c *Owners) find(of datastore.Owned) (k *ownerKeys, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[of]; ok {
		k = e.Value.(*ownerKeys)
		if !k.over(c.now()) {
			c.order.MoveToFront(e)
			return k, false
		}
		c.drop(e)
	}
	k = &ownerKeys{of: of, done: make(chan struct{})}
	c.known[of] = c.order.PushFront(k)
	if c.order.Len() > ownersKept {
		c.drop(c.order.Back())
	}
	return k, true
}

// over reports whether the keys are there and not to be used any more.
func (k *ownerKeys) over(now time.Time) bool {
	select {
	case <-k.done:
		return !now.Before(k.keys.Expires.Add(-ownerReserve))
	default:
		return false
	}
}

func (c *Owners) drop(e *list.Element) {
	delete(c.known, e.Value.(*ownerKeys).of)
	c.order.Remove(e)
}

// forget drops a failed attempt.
func (c *Owners) forget(k *ownerKeys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[k.of]; ok && e.Value == k {
		c.drop(e)
	}
}

func (c *Owners) get(ctx context.Context, of datastore.Owned) (aws.Credentials, error) {
	in := &sts.AssumeRoleInput{
		RoleArn: &c.role, RoleSessionName: aws.String("tierkit"),
		DurationSeconds: aws.Int32(int32(ownerLife / time.Second)),
	}
	values := map[string]string{"caller": of.Caller, "tenant": of.Tenant}
	for _, key := range c.owner.Tags() {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(key), Value: aws.String(values[key])})
	}
	var out *sts.AssumeRoleOutput
	err := c.retry.Do(ctx, Call{}, func(ctx context.Context) (err error) {
		out, err = c.assume(ctx, in)
		return err
	})
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		return aws.Credentials{}, c.named(e)
	}
	if out.Credentials == nil {
		return aws.Credentials{}, c.named(&datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New("AWS STS gave no credentials")})
	}
	k := out.Credentials
	return aws.Credentials{
		AccessKeyID: aws.ToString(k.AccessKeyId), SecretAccessKey: aws.ToString(k.SecretAccessKey), SessionToken: aws.ToString(k.SessionToken),
		Source: "tierkit " + c.owner.String(), CanExpire: true, Expires: aws.ToTime(k.Expiration),
	}, nil
}
