package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func TestOnceOnFiles(t *testing.T) {
	t.Parallel()
	driver := filetable.In(t.TempDir(), nil)
	t.Cleanup(func() {
		if err := driver.Close(); err != nil {
			t.Error(err)
		}
	})
	onDriver(t, datastore.New([]datastore.Driver{driver}, nil), true)
}

func TestOnceOnMoto(t *testing.T)     { onServer(t, "TIERKIT_TEST_MOTO", true) }
func TestOnceOnDynalite(t *testing.T) { onServer(t, "TIERKIT_TEST_DYNALITE", false) } // which has no transactions
func TestOnceOnDynoxide(t *testing.T) { onServer(t, "TIERKIT_TEST_DYNOXIDE", true) }

func onServer(t *testing.T, variable string, transactions bool) {
	t.Parallel()
	cfg := configOf(serverURL(t, variable))
	names := map[string]string{"TIERKIT_TABLE_MARKS": createTable(t, cfg, "key"), "TIERKIT_TABLE_ACCOUNTS": createTable(t, cfg, "id")}
	onDriver(t, datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
		Lookup: func(variable string) (string, bool) { name, ok := names[variable]; return name, ok },
	}), transactions)
}

var (
	tables    atomic.Int64
	startedAt = time.Now().UnixNano()
)

func createTable(t *testing.T, cfg aws.Config, key string) string {
	t.Helper()
	client := dynamodb.NewFromConfig(cfg)
	name := fmt.Sprintf("tierkit-once-%d-%d", startedAt, tables.Add(1))
	if _, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: &key, KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: &key, AttributeType: types.ScalarAttributeTypeS}},
	}); err != nil {
		t.Fatalf("CreateTable: %v", err)
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &dynamodb.DescribeTableInput{TableName: &name}, 30*time.Second); err != nil {
		t.Fatalf("wait for table %s: %v", name, err)
	}
	t.Cleanup(func() {
		if _, err := client.DeleteTable(context.WithoutCancel(t.Context()), &dynamodb.DeleteTableInput{TableName: &name}); err != nil {
			t.Logf("DeleteTable %s: %v", name, err)
		}
	})
	return name
}

// onDriver is what a table must do for Once, by the clock of this machine.
func onDriver(t *testing.T, data *datastore.Data, transactions bool) {
	t.Helper()
	w := &world{t: t, data: data, now: time.Now(), bare: true}
	w.marks.Marks = datastore.Use[middleware.Marks](function{}, table.New[middleware.Mark](data, "marks"))
	on := datastore.Use[interface {
		accounts
		table.Getter[account]
	}](function{}, table.New[account](data, "accounts"))
	w.opts.Now, w.opts.Log = w.clock, slog.New(slog.NewTextHandler(&w.log, nil))

	large := strings.Repeat("x", 384<<10-200)
	h := w.once(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Status: 201, Header: map[string][]string{"Location": {"/1"}, "X-Bytes": {"a", "b"}}, Body: []byte(large)}, nil
	})
	for range 2 {
		if a := do(t, h, place("large")); a.Status != 201 || string(a.Body) != large || a.Header.Get("Location") != "/1" {
			t.Errorf("%d bytes: answered %d %v with %d", len(large), a.Status, a.Header, len(a.Body))
		}
	}
	wantStatus(t, do(t, h, place("large", handlertest.JSON(1))), 422, "key_reused")
	w.wantRuns(1)

	var all sync.WaitGroup // at once
	for range 8 {
		all.Go(func() {
			if _, err := handlertest.Do(t.Context(), h, place("at-once")); err != nil && !errors.Is(err, middleware.ErrInFlight) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	w.wantRuns(2)

	broken := true // fails, dies, is taken over
	flaky := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if broken {
			broken = false
			return nil, errors.New("broken")
		}
		if _, err := h.Handle(t.Context(), place("flaky")); !errors.Is(err, middleware.ErrInFlight) {
			t.Errorf("in flight: %v", err)
		}
		w.pass(16 * time.Minute)
		return h.Handle(t.Context(), place("flaky"))
	})
	wantStatus(t, do(t, flaky, place("flaky")), 500, "")
	wantStatus(t, do(t, flaky, place("flaky")), 201, "")
	if a := do(t, flaky, place("flaky")); a.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("afterwards %d %v", a.Status, a.Header)
	}
	w.wantRuns(5)

	if !transactions {
		return
	}
	pays := w.once(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		if err := pay(ctx, on); err != nil {
			return nil, err
		}
		return nil, errors.New("broken afterwards")
	})
	if err := handlertest.DoRecord(t.Context(), pays, message("1")); err == nil {
		t.Error("the handler failed without an error")
	}
	if err := handlertest.DoRecord(t.Context(), pays, message("1")); err != nil {
		t.Error(err)
	}
	if a, err := on.Get(t.Context(), table.PK("ada"), table.Consistent()); err != nil || a.Cents != 5 {
		t.Errorf("the account is %+v, %v; want 5 cents", a, err)
	}
}
