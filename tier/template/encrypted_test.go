package template_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// encrypted has stores with keys of the application, one of which nobody but the
// store needs.
func encrypted(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	pii, trash := key.New(data, "pii", nil), key.New(data, "trash", nil)
	api := app.API("orders")
	orders := table.New[document](data, "orders", table.EncryptedBy(pii))
	datastore.Use[table.Updater[document]](api, orders)
	datastore.Use[table.Querier[document]](api, orders.Via("byOwner").PerCaller())
	datastore.Use[blob.Getter](api, blob.New(data, "files", blob.EncryptedBy(pii)).Under("in/"))
	datastore.Use[queue.Sender[order]](api, queue.New[order](data, "jobs", queue.EncryptedBy(pii), queue.DeadLetter(3), queue.Visibility(time.Minute)))
	datastore.Use[topic.Publisher[order]](api, topic.New[order](data, "placed", topic.EncryptedBy(pii)))
	datastore.Use[stream.Writer[order]](api, stream.New[order](data, "clicks", stream.EncryptedBy(pii)))
	datastore.Use[secret.Getter[string]](api, secret.New[string](data, "token", secret.Manager, &secret.Options{Key: pii}))
	api.Handle("GET /orders/{id}", handler.New(get))
	cleaner := api.Function("cleaner")
	datastore.Use[blob.Deleter](cleaner, blob.New(data, "old", blob.EncryptedBy(trash)))
	cleaner.Handle("DELETE /orders/{id}", handler.New(remove))
	inside := api.Function("inside") // of the private network
	datastore.Use[cache.Getter[order]](inside, cache.New[order](data, "profiles"))
	datastore.Use[table.Getter[document]](inside, orders)
	inside.Handle("GET /inside/{id}", handler.New(get))
	return app
}

// TestEncrypted: each store names its key; a role may use the key through the
// services of its stores and in no other way; only AWS needs to reach KMS.
func TestEncrypted(t *testing.T) {
	t.Parallel()
	text := sam(t, encrypted)
	var d doc
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		properties, err := json.Marshal(r.Properties)
		if err != nil {
			t.Fatal(err)
		}
		for _, k := range []string{"PiiKey", "TrashKey"} {
			if strings.Contains(string(properties), `{"Fn::GetAtt":["`+k+`","Arn"]}`) {
				got[id] = k
			}
		}
		if r.Type == "AWS::EC2::VPCEndpoint" && strings.Contains(string(properties), ".kms") {
			t.Error("there is an endpoint for KMS, which no function calls")
		}
	}
	want := map[string]string{
		"OrdersTable": "PiiKey", "FilesBlob": "PiiKey", "JobsQueue": "PiiKey", "JobsDeadLetters": "PiiKey", "PlacedTopic": "PiiKey",
		"ClicksStream": "PiiKey", "TokenSecret": "PiiKey", "OldBlob": "TrashKey",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the keys of the resources (-want +got):\n%s", diff)
	}
	if strings.Contains(string(text), "TIERKIT_KEY_") {
		t.Error("a function is told the name of a key that it does not use itself")
	}
	used := map[string][]string{}
	for id, statements := range roleStatements(t, "testdata/encrypted.json") {
		for _, s := range statements {
			if !strings.HasPrefix(s.Action[0], "kms:") {
				continue
			}
			services := slices.Collect(maps.Keys(s.Condition["StringLike"]))
			if len(s.Condition) != 1 || !slices.Equal(services, []string{"kms:ViaService"}) || !strings.HasSuffix(string(s.Resource), ":key/${PiiKey}") {
				t.Errorf("%s: %v, want a condition on the service, and the key", id, s)
				continue
			}
			via := s.Condition["StringLike"]["kms:ViaService"].([]any)[0].(string)
			used[id] = append(used[id], strings.TrimSuffix(via, ".*.amazonaws.com*")+" "+strings.Join(s.Action, " "))
		}
	}
	wantUsed := map[string][]string{
		"OrdersRole": {"dynamodb kms:Decrypt", "s3 kms:Decrypt", "sqs kms:Decrypt kms:GenerateDataKey", "sns kms:Decrypt kms:GenerateDataKey",
			"kinesis kms:GenerateDataKey", "secretsmanager kms:Decrypt"},
		"OrdersCallerRole": {"dynamodb kms:Decrypt"},
		"InsideRole":       {"dynamodb kms:Decrypt"},
	}
	for _, list := range []map[string][]string{used, wantUsed} {
		for _, l := range list {
			slices.Sort(l)
		}
	}
	if diff := cmp.Diff(wantUsed, used); diff != "" {
		t.Errorf("the uses of the keys (-want +got):\n%s", diff)
	}
}
