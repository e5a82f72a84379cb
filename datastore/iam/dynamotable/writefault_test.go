package dynamotable_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// counter is an item without a version.
type counter struct {
	ID   string `table:"id,pk"`
	N    int    `table:"n"`
	Text string `table:"text"`
}

type counters interface {
	table.Getter[counter]
	table.Creator[counter]
	table.Putter[counter]
	table.Updater[counter]
	table.Deleter[counter]
	table.ManyWriter[counter]
	table.Checker
	table.Transactor
	table.Scanner[counter]
}

func (s *script) counters(t testing.TB) counters {
	t.Helper()
	data := onServer(t, config("http://scripted.invalid", &http.Client{Transport: s}), "physical")
	return datastore.Use[counters](function{}, table.New[counter](data, "counters"))
}

// field is a member of a request, as JSON.
func field(t testing.TB, c call, path ...string) string {
	t.Helper()
	v := parsed(t, c)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[name]
	}
	return fmt.Sprint(v)
}

// TestLostUpdates: an update whose answer was lost is repeated only where that is
// safe; one that adds is looked for.
func TestLostUpdates(t *testing.T) {
	t.Parallel()
	add := table.Changes(table.Add("n", 1)).OrCreate()
	set := table.Changes(table.SetTo("n", 1)).OrCreate()
	for _, c := range []struct {
		name   string
		patch  table.Patch
		code   string // of the second answer; "" for success
		stored string // what it says is stored; "own" with the id that was sent
		calls  int
		want   error
	}{
		{"add, carried out", add, "ConditionalCheckFailedException", "own", 2, nil},
		{"add, another came in between", add, "ConditionalCheckFailedException", `{"id":{"S":"1"},"n":{"N":"7"},"_w":{"B":"AAAA"}}`, 2, datastore.ErrUnknown},
		{"add, not carried out", add, "ConditionalCheckFailedException", "", 2, datastore.ErrUnknown},
		{"add, then denied", add, "AccessDeniedException", "", 2, datastore.ErrUnknown},
		{"add a value", table.Changes(table.AddValue("n", table.Int(1))).OrCreate(), "ConditionalCheckFailedException", "own", 2, nil},
		{"set, carried out", set, "ConditionalCheckFailedException", "own", 2, nil},
		{"set, not carried out", set, "", "", 2, nil},
		{"set, another's", set, "ConditionalCheckFailedException", `{"id":{"S":"1"},"_w":{"B":"AAAA"}}`, 2, datastore.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{}
				s.answer = func(_ context.Context, n int, now call) (*http.Response, error) {
					if n == 1 {
						return nil, errLost
					}
					if c.code == "" {
						return reply(200, `{"Attributes":{"id":{"S":"1"},"n":{"N":"1"}}}`)
					}
					more := ""
					if c.stored == "own" {
						more = `,"Item":{"id":{"S":"1"},"n":{"N":"1"},"_w":` + writeIDOf(t, s.calls[0]) + `}`
					} else if c.stored != "" {
						more = `,"Item":` + c.stored
					}
					return refuse(c.code, more)
				}
				got, err := s.counters(t).Update(t.Context(), table.PK("1"), c.patch)
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || err == nil && got.N != 1 {
					t.Errorf("Update = %+v, %v, want %v", got, err, c.want)
				}
				if len(s.calls) != c.calls {
					t.Errorf("Update sent %d requests, want %d", len(s.calls), c.calls)
				}
				never := strings.Contains(field(t, s.calls[1], "ConditionExpression"), "attribute_exists(#0) AND attribute_not_exists(#0)")
				if never != strings.HasPrefix(c.name, "a") {
					t.Errorf("the second request can be carried out: %v, want that only of a set", !never)
				}
			})
		})
	}
}

// writeIDOf is the write id of an update, as JSON.
func writeIDOf(t testing.TB, c call) string {
	t.Helper()
	values, _ := parsed(t, c).(map[string]any)["ExpressionAttributeValues"].(map[string]any)
	for _, v := range values {
		if b, ok := v.(map[string]any)["B"]; ok {
			return fmt.Sprintf(`{"B":%q}`, b)
		}
	}
	t.Fatal("an update without a write id")
	return ""
}

func TestUpdateRequest(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
		return reply(200, `{"Attributes":{"id":{"S":"1"},"n":{"N":"5"}}}`)
	}}
	got, err := s.counters(t).Update(t.Context(), table.PK("1"), table.Changes(table.Add("n", 1), table.Remove("text")), table.Lt("n", 9))
	if err != nil || got.N != 5 {
		t.Fatalf("Update = %+v, %v, want n 5", got, err)
	}
	for name, want := range map[string]string{
		"UpdateExpression":                    "SET #2 = :1 REMOVE #1 ADD #0 :0",
		"ConditionExpression":                 "(#2 <> :2 AND attribute_exists(#3)) AND #0 < :3",
		"ReturnValues":                        "ALL_NEW",
		"ReturnValuesOnConditionCheckFailure": "ALL_OLD",
		"ExpressionAttributeNames":            "map[#0:n #1:text #2:_w #3:id]",
	} {
		if got := field(t, s.calls[0], name); strings.Trim(got, "()") != strings.Trim(want, "()") {
			t.Errorf("Update sends %s = %s, want %s", name, got, want)
		}
	}
}

func TestUnprocessedWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		s.answer = func(_ context.Context, _ int, c call) (*http.Response, error) {
			var left []string
			for _, request := range []string{
				`{"PutRequest":{"Item":{"id":{"S":"stuck"},"n":{"N":"0"},"text":{"S":""}}}}`,
				`{"DeleteRequest":{"Key":{"id":{"S":"stuck too"}}}}`,
			} {
				if strings.Contains(c.Body, strings.SplitN(request, `"S":"`, 2)[1][:6]) {
					left = append(left, request)
				}
			}
			return reply(200, `{"UnprocessedItems":{"physical":[`+strings.Join(left, ",")+`]}}`)
		}
		err := s.counters(t).WriteMany(t.Context(), []counter{{ID: "a"}, {ID: "stuck"}, {ID: "b"}}, []table.Key{table.PK("c"), table.PK("stuck too")})
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || !errors.Is(err, datastore.ErrThrottled) || len(partial.Failed) != 2 || partial.Failed[0].Index != 1 || partial.Failed[1].Index != 4 {
			t.Errorf("WriteMany: error = %v, want positions 1 and 4 throttled", err)
		}
		if len(s.calls) < 3 || strings.Contains(s.calls[1].Body, `"a"`) {
			t.Errorf("WriteMany sent %d requests, want several, and after the first only for what is left", len(s.calls))
		}
	})
}

// TestFailedBatch: a batch that fails whole leaves the others written.
func TestFailedBatch(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(_ context.Context, n int, _ call) (*http.Response, error) {
		if n == 2 {
			return refuse("AccessDeniedException", "")
		}
		return reply(200, `{}`)
	}}
	var items []counter
	for i := range 60 {
		items = append(items, counter{ID: fmt.Sprint(i)})
	}
	err := s.counters(t).WriteMany(t.Context(), items, nil)
	partial, ok := errors.AsType[*datastore.PartialError](err)
	if !ok || !errors.Is(err, datastore.ErrDenied) || len(partial.Failed) != 25 || partial.Failed[0].Index != 25 || partial.Failed[24].Index != 49 {
		t.Errorf("WriteMany: error = %v, want items 25 to 49 denied", err)
	}
}

func reasons(codes ...string) func() (*http.Response, error) {
	var list []string
	for _, c := range codes {
		list = append(list, `{"Code":"`+c+`","Message":"m"}`)
	}
	return func() (*http.Response, error) {
		return refuse("TransactionCanceledException", `,"CancellationReasons":[`+strings.Join(list, ",")+`]`)
	}
}

func done() (*http.Response, error) { return reply(200, `{}`) }

func lost() (*http.Response, error) { return nil, errLost }

// TestTransactionReasons: what passes is repeated, with the same token; what does
// not says which operation it was.
func TestTransactionReasons(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		answers []func() (*http.Response, error) // the last one for ever
		want    error
		failed  []int
		calls   int
	}{
		{"conflict, then done", []func() (*http.Response, error){reasons("None", "TransactionConflict"), done}, nil, nil, 2},
		{"throttled, then done", []func() (*http.Response, error){reasons("ThrottlingError", "None"), reasons("None", "ProvisionedThroughputExceeded"), done}, nil, nil, 3},
		{"conflict for ever", []func() (*http.Response, error){reasons("None", "TransactionConflict")}, datastore.ErrConflict, nil, 8},
		{"throttled for ever", []func() (*http.Response, error){reasons("ThrottlingError", "None")}, datastore.ErrThrottled, nil, 8},
		{"conditions", []func() (*http.Response, error){reasons("ConditionalCheckFailed", "ConditionalCheckFailed")}, datastore.ErrConflict, []int{0, 1}, 1},
		{"one condition, one conflict", []func() (*http.Response, error){reasons("TransactionConflict", "ConditionalCheckFailed")}, datastore.ErrConflict, []int{1}, 1},
		{"too large", []func() (*http.Response, error){reasons("ItemCollectionSizeLimitExceeded", "None")}, datastore.ErrTooLarge, []int{0}, 1},
		{"validation", []func() (*http.Response, error){reasons("None", "ValidationError")}, datastore.ErrDeclaration, []int{1}, 1},
		{"lost, then done", []func() (*http.Response, error){lost, done}, nil, nil, 2},
		{"lost, then in progress, then done", []func() (*http.Response, error){lost, func() (*http.Response, error) { return refuse("TransactionInProgressException", "") }, done}, nil, nil, 3},
		{"lost, then refused", []func() (*http.Response, error){lost, reasons("None", "ConditionalCheckFailed")}, datastore.ErrConflict, []int{1}, 2},
		{"lost, then denied", []func() (*http.Response, error){lost, func() (*http.Response, error) { return refuse("AccessDeniedException", "") }}, datastore.ErrUnknown, nil, 2},
		{"lost for ever", []func() (*http.Response, error){lost}, datastore.ErrUnknown, nil, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(_ context.Context, n int, _ call) (*http.Response, error) {
					return c.answers[min(n, len(c.answers))-1]()
				}}
				counters := s.counters(t)
				err := counters.Transact(t.Context(),
					table.CreateOp(counters, counter{ID: "1"}), table.DeleteOp(counters, table.PK("2"), table.Exists("text")))
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || len(s.calls) != c.calls {
					t.Errorf("Transact = %v after %d requests, want %v after %d", err, len(s.calls), c.want, c.calls)
				}
				var failed []int
				if partial, ok := errors.AsType[*datastore.PartialError](err); ok {
					for _, f := range partial.Failed {
						failed = append(failed, f.Index)
					}
				}
				if !slices.Equal(failed, c.failed) {
					t.Errorf("Transact: failed operations = %v, want %v", failed, c.failed)
				}
				token := field(t, s.calls[0], "ClientRequestToken")
				for _, call := range s.calls {
					if got := field(t, call, "ClientRequestToken"); got != token || len(got) != 24 {
						t.Errorf("Transact sends the tokens %q and %q, want one", token, got)
					}
				}
			})
		})
	}
}

// TestLostCheck: a check changes nothing, so no lost answer leaves its outcome
// unknown.
func TestLostCheck(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return lost() }}
		err := s.counters(t).Check(t.Context(), table.PK("1"), table.Exists("n"))
		if !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("Check whose answers are lost: error = %v, want %v", err, datastore.ErrUnavailable)
		}
	})
}

// TestTransactionValidation: what is stored can make an operation of a transaction
// impossible, and means there what it means outside of one.
func TestTransactionValidation(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]error{
		"Item size to update has exceeded the maximum allowed size.":                                datastore.ErrTooLarge,
		"Item size has exceeded the maximum allowed size":                                           datastore.ErrTooLarge,
		"Number overflow. Attempting to store a number with magnitude larger than supported range.": datastore.ErrTooLarge,
		"An operand in the update expression has an incorrect data type.":                           datastore.ErrCorrupt,
		"Type mismatch for attribute to update.":                                                    datastore.ErrCorrupt,
		"One or more parameter values were invalid: Type mismatch for key id expected: N actual: S": datastore.ErrDeclaration,
		"The document path provided in the update expression is invalid for update.":                datastore.ErrDeclaration,
	} {
		s := &script{answer: func(context.Context, int, call) (*http.Response, error) {
			return refuse("TransactionCanceledException", `,"CancellationReasons":[{"Code":"ValidationError","Message":"`+message+`"}]`)
		}}
		counters := s.counters(t)
		err := counters.Transact(t.Context(), table.UpdateOp(counters, table.PK("1"), table.Changes(table.Add("n", 1))))
		if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Kind != want {
			t.Errorf("Transact refused with %q: error = %v, want %v", message, err, want)
		}
	}
}

// TestNewOperationsDenied: what was not granted is not sent, nor put into a
// transaction.
func TestNewOperationsDenied(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int, call) (*http.Response, error) { return done() }}
	data := onServer(t, config("http://scripted.invalid", &http.Client{Transport: s}), "physical")
	store := table.New[counter](data, "counters")
	getter := datastore.Use[table.Getter[counter]](function{}, store).(counters)
	transactor := datastore.Use[table.Transactor](function{}, store)
	ctx := t.Context()
	_, update := getter.Update(ctx, table.PK("1"), table.Patch{})
	_, scan := getter.Scan(ctx, table.Scan{})
	for op, err := range map[string]error{
		"Update": update, "Scan": scan,
		"WriteMany": getter.WriteMany(ctx, []counter{{ID: "1"}}, nil),
		"Check":     getter.Check(ctx, table.PK("1"), table.Exists("id")),
		"Transact":  getter.Transact(ctx, table.PutOp(getter, counter{ID: "1"})),
		"PutOp":     transactor.Transact(ctx, table.PutOp(getter, counter{ID: "1"})),
		"CreateOp":  transactor.Transact(ctx, table.CreateOp(getter, counter{ID: "1"})),
		"UpdateOp":  transactor.Transact(ctx, table.UpdateOp(getter, table.PK("1"), table.Patch{})),
		"DeleteOp":  transactor.Transact(ctx, table.DeleteOp(getter, table.PK("1"))),
		"CheckOp":   transactor.Transact(ctx, table.CheckOp(getter, table.PK("1"), table.Exists("id"))),
	} {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s without a grant: error = %v, want %v", op, err, datastore.ErrDenied)
		}
	}
	if len(s.calls) != 0 {
		t.Errorf("without a grant %d requests were sent, want none", len(s.calls))
	}
}
