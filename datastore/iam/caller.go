package iam

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The credentials of a caller live for a quarter of an hour, the shortest there is,
// and are not used any more a minute before they end. A sandbox keeps those of the
// callers it saw last.
const (
	callerLife    = 15 * time.Minute
	callerReserve = time.Minute
	callersKept   = 500
)

// Callers gives each caller credentials of a role that was assumed for it, with the
// session tag "caller": what DynamoDB's leading keys and the like are compared with.
// The caller is the one in the context of the request, [datastore.CallerID]. A
// request without one is refused, as is an id that no session tag can be
// ([datastore.CheckCallerID]).
//
// It is safe for concurrent use. A caller's role is assumed once for all requests
// that wait for it.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
type Callers struct {
	role  string
	retry *Retry
	now   func() time.Time
	// assume is AssumeRole of AWS STS.
	assume func(context.Context, *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error)

	mu    sync.Mutex
	known map[string]*list.Element // of *callerKeys
	order *list.List               // the last used first
}

// NewCallers assumes role, an ARN, with the credentials of cfg.
func NewCallers(cfg aws.Config, role string, now func() time.Time) *Callers {
	client := sts.NewFromConfig(cfg)
	return &Callers{
		role: role, retry: NewRetry(nil), now: now, known: map[string]*list.Element{}, order: list.New(),
		assume: func(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleOutput, error) {
			return client.AssumeRole(ctx, in)
		},
	}
}

// callerKeys are the credentials of one caller, or the attempt to get them.
type callerKeys struct {
	id   string
	done chan struct{} // closed when keys or err is there
	keys aws.Credentials
	err  error
	own  bool // err is of the request that asked, whose time ended, and of no other
}

var _ aws.CredentialsProvider = (*Callers)(nil)

// Retrieve gives the credentials of the caller in ctx.
func (c *Callers) Retrieve(ctx context.Context) (aws.Credentials, error) {
	id, ok := datastore.CallerID(ctx)
	err := datastore.CheckCallerID(id)
	if !ok {
		err = errNoCaller
	}
	if err != nil {
		return aws.Credentials{}, &datastore.Error{Store: "caller", Op: "assume", Kind: datastore.ErrDenied, Err: err}
	}
	k, first := c.find(id)
	if first {
		c.fetch(ctx, k)
	}
	select {
	case <-k.done:
	case <-ctx.Done():
		return aws.Credentials{}, &datastore.Error{Store: "caller", Op: "assume", Kind: datastore.ErrNoBudget, Err: ctx.Err()}
	}
	if k.own && !first && ctx.Err() == nil {
		return c.Retrieve(ctx) // the one that asked gave up; this one did not
	}
	return k.keys, k.err
}

// fetch gets the keys with the time of the request that asked first. A panic leaves
// the others to try by themselves.
func (c *Callers) fetch(ctx context.Context, k *callerKeys) {
	k.own = true
	defer func() {
		if k.own || k.err != nil {
			c.forget(k)
		}
		close(k.done)
	}()
	k.keys, k.err = c.get(untraced{ctx}, k.id)
	k.own = k.err != nil && (ctx.Err() != nil || errors.Is(k.err, datastore.ErrNoBudget))
}

// untraced is a context without its values. The connections to AWS STS are none of
// the request that waits for the credentials, of which is watched whether it got one.
type untraced struct{ context.Context }

func (untraced) Value(any) any { return nil }

var errNoCaller = errors.New("there is no caller in the context")

// find is what is known of a caller; first says that the one that asks is to get
// it.
func (c *Callers) find(id string) (k *callerKeys, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[id]; ok {
		k = e.Value.(*callerKeys)
		if !k.over(c.now()) {
			c.order.MoveToFront(e)
			return k, false
		}
		c.drop(e)
	}
	k = &callerKeys{id: id, done: make(chan struct{})}
	c.known[id] = c.order.PushFront(k)
	if c.order.Len() > callersKept {
		c.drop(c.order.Back())
	}
	return k, true
}

// over reports whether the keys are there and not to be used any more.
func (k *callerKeys) over(now time.Time) bool {
	select {
	case <-k.done:
		return !now.Before(k.keys.Expires.Add(-callerReserve))
	default:
		return false
	}
}

func (c *Callers) drop(e *list.Element) {
	delete(c.known, e.Value.(*callerKeys).id)
	c.order.Remove(e)
}

// forget drops a failed attempt.
func (c *Callers) forget(k *callerKeys) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.known[k.id]; ok && e.Value == k {
		c.drop(e)
	}
}

func (c *Callers) get(ctx context.Context, id string) (aws.Credentials, error) {
	in := &sts.AssumeRoleInput{
		RoleArn: &c.role, RoleSessionName: aws.String("tierkit"),
		DurationSeconds: aws.Int32(int32(callerLife / time.Second)),
		Tags:            []types.Tag{{Key: aws.String("caller"), Value: &id}},
	}
	var out *sts.AssumeRoleOutput
	err := c.retry.Do(ctx, Call{}, func(ctx context.Context) (err error) {
		out, err = c.assume(ctx, in)
		return err
	})
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		e.Store, e.Op = "caller", "assume"
		return aws.Credentials{}, e
	}
	if out.Credentials == nil {
		return aws.Credentials{}, &datastore.Error{Store: "caller", Op: "assume", Kind: datastore.ErrUnavailable, Err: fmt.Errorf("AWS STS gave no credentials")}
	}
	k := out.Credentials
	return aws.Credentials{
		AccessKeyID: aws.ToString(k.AccessKeyId), SecretAccessKey: aws.ToString(k.SecretAccessKey), SessionToken: aws.ToString(k.SessionToken),
		Source: "tierkit caller", CanExpire: true, Expires: aws.ToTime(k.Expiration),
	}, nil
}
