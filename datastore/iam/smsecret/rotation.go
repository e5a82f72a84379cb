package smsecret

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

const (
	current = "AWSCURRENT"
	pending = "AWSPENDING"
)

var _ secret.RotatingConn = (*conn)(nil)

// writing are the codes of what writes a version. ResourceExistsException is the answer
// to another value for a version that has one.
var writing = map[string]error{
	"ResourceNotFoundException": datastore.ErrNotFound,
	"ResourceExistsException":   datastore.ErrConflict,
	"InvalidRequestException":   datastore.ErrConflict,
	"InvalidParameterException": datastore.ErrConflict,
}

// Awaited implements [secret.RotatingConn].
func (c *conn) Awaited(ctx context.Context, token string) (bool, error) {
	about, err := c.describe(ctx)
	if err != nil {
		return false, err
	}
	labels := about.VersionIdsToStages[token]
	switch {
	case slices.Contains(labels, current):
		return false, nil
	case about.RotationEnabled != nil && !*about.RotationEnabled:
		return false, refused("its rotation is switched off")
	case !slices.Contains(labels, pending):
		return false, refused(fmt.Sprintf("no rotation makes the version %.64q: it is not labelled %s", token, pending))
	}
	return true, nil
}

func refused(why string) error {
	return &datastore.Error{Kind: datastore.ErrConflict, Err: errors.New(why)}
}

func (c *conn) describe(ctx context.Context) (about *secretsmanager.DescribeSecretOutput, err error) {
	err = c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		about, err = c.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &c.id})
		return err
	})
	return about, err
}

// ReadPending implements [secret.RotatingConn].
func (c *conn) ReadPending(ctx context.Context, token string) (secret.Value, error) {
	return c.get(ctx, &secretsmanager.GetSecretValueInput{SecretId: &c.id, VersionId: &token, VersionStage: aws.String(pending)})
}

// PutPending implements [secret.RotatingConn]. What is no UTF-8 is put as binary.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
func (c *conn) PutPending(ctx context.Context, token, rotation string, value []byte) error {
	in := &secretsmanager.PutSecretValueInput{SecretId: &c.id, ClientRequestToken: &token, VersionStages: []string{pending}}
	if rotation != "" {
		in.RotationToken = &rotation
	}
	if utf8.Valid(value) {
		in.SecretString = aws.String(string(value))
	} else {
		in.SecretBinary = value
	}
	// Quiet: the service may say what is wrong with the value.
	return c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Quiet: true, Special: writing}, func(ctx context.Context) error {
		_, err := c.client.PutSecretValue(ctx, in)
		return err
	})
}

// Promote implements [secret.RotatingConn]. Secrets Manager itself labels the version
// that was the current one AWSPREVIOUS.
//
// See https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecretVersionStage.html
func (c *conn) Promote(ctx context.Context, token string) error {
	about, err := c.describe(ctx)
	if err != nil {
		return err
	}
	in := &secretsmanager.UpdateSecretVersionStageInput{SecretId: &c.id, VersionStage: aws.String(current), MoveToVersionId: &token}
	for id, labels := range about.VersionIdsToStages {
		if slices.Contains(labels, current) {
			if id == token {
				return nil
			}
			in.RemoveFromVersionId = aws.String(id)
		}
	}
	err = c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true, Special: writing}, func(ctx context.Context) error {
		_, err := c.client.UpdateSecretVersionStage(ctx, in)
		return err
	})
	if errors.Is(err, datastore.ErrConflict) { // the answer to the first attempt may have been lost
		if awaited, failed := c.Awaited(ctx, token); failed == nil && !awaited {
			return nil
		}
	}
	return err
}
