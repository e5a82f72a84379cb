package iam_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// outcome is what became of an item: its place, kind and attempts.
type outcome struct {
	Item     int
	Kind     string
	Attempts int
}

func outcomes(t *testing.T, err error) (all []outcome) {
	t.Helper()
	var partial *datastore.PartialError
	if !errors.As(err, &partial) {
		t.Fatalf("error = %v, want a PartialError", err)
	}
	for _, f := range partial.Failed {
		e, ok := errors.AsType[*datastore.Error](f.Err)
		if !ok {
			t.Fatalf("item %d: error = %v, want a *datastore.Error", f.Index, f.Err)
		}
		all = append(all, outcome{f.Index, e.Kind.Error(), e.Attempts})
	}
	return all
}

// groups are the groups of items, a letter each; '_' is none.
func groups(letters string) func(int) string {
	return func(item int) string { return strings.Trim(letters[item:item+1], "_") }
}

// TestBatch scripts the answers about six items: what is sent again, and what each
// item's error is in the end.
func TestBatch(t *testing.T) {
	t.Parallel()
	lost := &net.OpError{Op: "read", Err: errors.New("reset")}
	for _, c := range []struct {
		name   string
		call   iam.Call
		answer func(n int, left []int, a *iam.Answer) error
		sent   [][]int // the items of each request, as far as they matter
		want   []outcome
	}{
		{"throttled once", iam.Call{Write: true}, func(n int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if n == 1 && i >= 4 {
					a.Failed(iam.Failed{Item: i, Code: "ThrottlingException"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {4, 5}}, nil},
		{"a poisoned item", iam.Call{Write: true}, func(_ int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if i == 2 {
					a.Failed(iam.Failed{Item: i, Code: "Whatever", Sender: true})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}}, []outcome{{2, "wrong declaration", 1}}},
		{"failed inside", iam.Call{Write: true}, func(_ int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if i == 5 {
					a.Failed(iam.Failed{Item: i, Code: "InternalFailure"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}}, []outcome{{5, "outcome unknown", 1}}},
		{"failed inside, repeatable", iam.Call{Write: true, Repeatable: true}, func(n int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if i == 5 && n == 1 {
					a.Failed(iam.Failed{Item: i, Code: "InternalFailure"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {5}}, nil},
		{"not mentioned", iam.Call{Write: true}, func(_ int, left []int, a *iam.Answer) error {
			for _, i := range left[:4] {
				a.Done(i)
			}
			a.Done(77)
			a.Failed(iam.Failed{Item: -1})
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}}, []outcome{{4, "outcome unknown", 1}, {5, "outcome unknown", 1}}},
		{"then lost", iam.Call{Write: true}, func(n int, left []int, a *iam.Answer) error {
			if n == 2 {
				return lost
			}
			for _, i := range left {
				if i < 2 {
					a.Failed(iam.Failed{Item: i, Code: "RequestThrottled"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {0, 1}}, []outcome{{0, "outcome unknown", 2}, {1, "outcome unknown", 2}}},
		{"lost, then refused", iam.Call{Write: true, Repeatable: true}, func(n int, left []int, a *iam.Answer) error {
			if n == 1 {
				return lost
			}
			for _, i := range left {
				a.Done(i)
			}
			a.Failed(iam.Failed{Item: 3, Code: "AccessDenied"})
			return nil
		}, nil, []outcome{{3, "outcome unknown", 2}}},
		{"failed inside, then not sent", iam.Call{Write: true, Repeatable: true}, func(n int, left []int, a *iam.Answer) error {
			if n > 1 {
				return &net.OpError{Op: "dial", Err: errors.New("refused")}
			}
			for _, i := range left[:4] {
				a.Done(i)
			}
			a.Failed(iam.Failed{Item: 4, Code: "Throttling"})
			a.Failed(iam.Failed{Item: 5, Code: "InternalFailure"})
			return nil
		}, nil, []outcome{{4, "unavailable", iam.MaxAttempts}, {5, "outcome unknown", iam.MaxAttempts}}},
		{"failed in any order", iam.Call{Write: true}, func(n int, left []int, a *iam.Answer) error {
			for _, i := range left {
				a.Done(i)
			}
			if n == 1 {
				for _, i := range []int{5, 0, 3, 5} {
					a.Failed(iam.Failed{Item: i, Code: "Throttling"})
				}
			} else {
				a.Failed(iam.Failed{Item: 1, Code: "AccessDenied"}) // was done before
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {0, 3, 5}}, nil},
		{"overtaken in its group", iam.Call{Write: true, Repeatable: true, Group: groups("aabab_")}, func(n int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if n == 1 && (i == 0 || i == 3 || i == 4 || i == 5) {
					a.Failed(iam.Failed{Item: i, Code: "RequestThrottled"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {4, 5}}, []outcome{{0, "throttled", 1}, {3, "throttled", 1}}},
		{"overtaken, failed inside", iam.Call{Write: true, Repeatable: true, Group: groups("aabbbb")}, func(_ int, left []int, a *iam.Answer) error {
			for _, i := range left {
				if i == 0 {
					a.Failed(iam.Failed{Item: i, Code: "InternalFailure"})
				} else {
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}}, []outcome{{0, "outcome unknown", 1}}},
		{"behind a refused one of its group", iam.Call{Write: true, Repeatable: true, Group: groups("aaaabb")}, func(n int, left []int, a *iam.Answer) error {
			for _, i := range left {
				switch {
				case i == 1:
					a.Failed(iam.Failed{Item: i, Code: "Whatever", Sender: true})
				case n == 1 && i > 1:
					a.Failed(iam.Failed{Item: i, Code: "RequestThrottled"})
				default:
					a.Done(i)
				}
			}
			return nil
		}, [][]int{{0, 1, 2, 3, 4, 5}, {4, 5}}, []outcome{{1, "wrong declaration", 1}, {2, "throttled", 1}, {3, "throttled", 1}}},
		{"then denied", iam.Call{Write: true}, func(n int, left []int, a *iam.Answer) error {
			if n == 2 {
				return &smithy.GenericAPIError{Code: "AccessDeniedException"}
			}
			for _, i := range left {
				a.Failed(iam.Failed{Item: i, Code: "RequestThrottled"})
			}
			return nil
		}, nil, []outcome{{0, "denied", 2}, {1, "denied", 2}, {2, "denied", 2}, {3, "denied", 2}, {4, "denied", 2}, {5, "denied", 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent [][]int
				err := iam.NewRetry(nil).Batch(t.Context(), c.call, 6, func(_ context.Context, left []int, a *iam.Answer) error {
					sent = append(sent, slices.Clone(left))
					return c.answer(len(sent), left, a)
				})
				if c.sent != nil && !cmp.Equal(c.sent, sent) {
					t.Errorf("sent %v, want %v", sent, c.sent)
				}
				if c.want == nil {
					if err != nil {
						t.Errorf("error = %v, want nil", err)
					}
					return
				}
				if diff := cmp.Diff(c.want, outcomes(t, err)); diff != "" {
					t.Errorf("outcomes (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestBatchLastThird: a service that always leaves the last third of what it is
// sent, and in the end the last item.
func TestBatchLastThird(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		done := map[int]int{}
		err := iam.NewRetry(nil).Batch(t.Context(), iam.Call{Write: true}, 9, func(_ context.Context, left []int, a *iam.Answer) error {
			n := len(left) - max(len(left)/3, 1)
			for _, i := range left[:n] {
				done[i]++
				a.Done(i)
			}
			for _, i := range left[n:] {
				a.Failed(iam.Failed{Item: i, Code: "ProvisionedThroughputExceededException"})
			}
			return nil
		})
		got := outcomes(t, err)
		if len(got) != 1 || got[0].Item != 8 || got[0].Kind != datastore.ErrThrottled.Error() || got[0].Attempts < iam.MaxAttempts {
			t.Errorf("outcomes = %+v, want item 8 throttled after all attempts", got)
		}
		for i := range 8 {
			if done[i] != 1 {
				t.Errorf("item %d was done %d times", i, done[i])
			}
		}
	})
}

// TestBatchOfNone: a request that fails as a whole before any answer is the error
// of the batch.
func TestBatchOfNone(t *testing.T) {
	t.Parallel()
	err := iam.NewRetry(nil).Batch(t.Context(), iam.Call{Write: true}, 3, func(context.Context, []int, *iam.Answer) error {
		return &smithy.GenericAPIError{Code: "AWS.SimpleQueueService.NonExistentQueue"}
	})
	var partial *datastore.PartialError
	if !errors.Is(err, datastore.ErrUnavailable) || errors.As(err, &partial) {
		t.Errorf("error = %v, want %v of the whole batch", err, datastore.ErrUnavailable)
	}
}

// TestEntries: what an answer says of entries that were not sent changes nothing, and
// those that it does not mention are not known to be done.
func TestEntries(t *testing.T) {
	t.Parallel()
	ids := make([]string, 3)
	err := iam.NewRetry(nil).Batch(t.Context(), iam.Call{Write: true}, 3, func(_ context.Context, _ []int, a *iam.Answer) error {
		for _, entry := range []*string{nil, aws.String("x"), aws.String("7"), aws.String("-1"), aws.String("0")} {
			a.Took(ids, entry, aws.String("id"))
		}
		for _, entry := range []*string{nil, aws.String("x"), aws.String("7"), aws.String("1")} {
			a.Refused(entry, aws.String("InvalidParameterValue"), nil, true)
		}
		return nil
	})
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || len(partial.Failed) != 2 || ids[0] != "id" || ids[1] != "" || ids[2] != "" {
		t.Fatalf("Batch: ids %q, error = %v, want item 0 done and the others failed", ids, err)
	}
	for i, want := range []error{datastore.ErrDeclaration, datastore.ErrUnknown} {
		if f := partial.Failed[i]; f.Index != i+1 || !errors.Is(f.Err, want) {
			t.Errorf("failed: item %d, %v, want item %d, %v", f.Index, f.Err, i+1, want)
		}
	}
}
