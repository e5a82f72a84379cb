package iam_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// TestUnreadAnswers: an error about an answer that cannot be read has nothing of the
// answer, in its text or below it, whatever the service is.
func TestUnreadAnswers(t *testing.T) {
	t.Parallel()
	unread := &smithy.DeserializationError{Err: errors.New(`expected '[', got "hunter2"`), Snapshot: []byte("hunter2")}
	r := iam.NewRetry(nil)
	send := func(context.Context) error { return answer(200, unread) }
	for name, err := range map[string]error{
		"one": r.Do(t.Context(), iam.Call{Write: true}, send),
		"batch": r.Batch(t.Context(), iam.Call{Write: true}, 2, func(ctx context.Context, _ []int, _ *iam.Answer) error {
			return send(ctx)
		}),
	} {
		var below *smithy.DeserializationError
		if !errors.Is(err, datastore.ErrUnknown) || strings.Contains(err.Error(), "hunter2") || errors.As(err, &below) {
			t.Errorf("%s: error = %v, want %v without the answer", name, err, datastore.ErrUnknown)
		}
	}
}
