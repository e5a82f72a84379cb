package appconfig

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/appconfigdata"
	"github.com/aws/aws-sdk-go-v2/service/appconfigdata/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// conn is a session of one configuration.
type conn struct {
	client *appconfigdata.Client
	retry  *iam.Retry
	now    func() time.Time
	start  *appconfigdata.StartConfigurationSessionInput

	mu    sync.Mutex // of one request at a time: each needs the token of the one before
	token *string    // nil for no session
	last  config.Document
	asked time.Time     // when last was asked for
	pause time.Duration // that AppConfig wants until it is asked again
}

var _ config.Conn = (*conn)(nil)

var special = map[string]error{"ResourceNotFoundException": datastore.ErrNotFound}

// Read implements [config.Conn].
func (c *conn) Read(ctx context.Context) (config.Document, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now().Round(0) // by the wall clock, which goes on while a function is frozen
	if age := now.Sub(c.asked); c.token != nil && age >= 0 && age < c.pause {
		return c.last, nil
	}
	out, err := c.latest(ctx)
	if refused := (*types.BadRequestException)(nil); c.token != nil && errors.As(err, &refused) {
		c.token = nil // it is too old, or was used in a request whose answer was lost
		out, err = c.latest(ctx)
	}
	if err != nil {
		return config.Document{}, err
	}
	c.token, c.asked, c.pause = out.NextPollConfigurationToken, now, time.Duration(out.NextPollIntervalInSeconds)*time.Second
	if len(out.Configuration) > 0 { // nothing is that nothing has changed
		c.last = config.Document{Data: out.Configuration, Version: aws.ToString(out.VersionLabel)}
	}
	if c.last.Data == nil {
		c.token = nil
		return config.Document{}, &datastore.Error{Kind: datastore.ErrNotFound, Err: errors.New("no document has been deployed")}
	}
	return c.last, nil
}

// latest asks for the newest document, in a new session if there is none. If that cannot be
// had, there is none afterwards either.
func (c *conn) latest(ctx context.Context) (out *appconfigdata.GetLatestConfigurationOutput, err error) {
	if c.token == nil {
		if c.token, err = c.session(ctx); err != nil {
			return nil, err
		}
	}
	in := &appconfigdata.GetLatestConfigurationInput{ConfigurationToken: c.token}
	err = c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.GetLatestConfiguration(ctx, in)
		return err
	})
	return out, err
}

func (c *conn) session(ctx context.Context) (*string, error) {
	var out *appconfigdata.StartConfigurationSessionOutput
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.StartConfigurationSession(ctx, c.start)
		return err
	})
	if err == nil && out.InitialConfigurationToken == nil {
		err = &datastore.Error{Kind: datastore.ErrUnavailable, Err: errNoToken}
	}
	if err != nil {
		return nil, err
	}
	return out.InitialConfigurationToken, nil
}
