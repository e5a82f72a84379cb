package datastore_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type document struct {
	ID    string `table:"id,pk"`
	Owner string `table:"owner,index=byOwner.pk"`
}

// encrypted are stores of each kind that can have a key, with that key, by what they
// are.
func encrypted(data *datastore.Data, k datastore.Key) map[string]datastore.Store {
	documents := table.New[document](data, "documents", table.EncryptedBy(k))
	files := blob.New(data, "files", blob.EncryptedBy(k))
	return map[string]datastore.Store{
		"table": documents, "table via an index": documents.Via("byOwner"),
		"table of callers": documents.PerCaller(), "index of callers": documents.PerCaller().Via("byOwner"),
		"blob": files, "blob under a prefix": files.Under("in/"),
		"queue":     queue.New[string](data, "jobs", queue.EncryptedBy(k)),
		"topic":     topic.New[string](data, "news", topic.EncryptedBy(k)),
		"stream":    stream.New[string](data, "clicks", stream.EncryptedBy(k)),
		"secret":    secret.New[string](data, "token", secret.Manager, &secret.Options{Key: k}),
		"parameter": secret.New[string](data, "flag", secret.Parameter, &secret.Options{Key: k}),
	}
}

// TestKeyNeeds: what can be done to a store that has a key needs the key, through the
// store's service alone, for each operation that KMS is asked for and for no other.
func TestKeyNeeds(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	stores := encrypted(data, key.New(data, "pii", nil))
	if errs := data.Errs(); errs != nil {
		t.Fatalf("declaration: %v", errs)
	}
	decrypts, generates, both := []string{"Decrypt"}, []string{"GenerateDataKey"}, []string{"Decrypt", "GenerateDataKey"}
	of := map[string]map[string][]string{ // "" is every other operation
		"dynamodb": {"": decrypts, "Transact": nil},
		"s3": {
			"Get": decrypts, "SignGet": decrypts, "Put": both, "Copy": both, "SignPut": generates, "SignPost": generates,
		},
		"sqs": {"": both}, "sns": {"": both}, "kinesis": {"": generates},
		"secretsmanager": {"": decrypts}, "ssm": {"": decrypts},
	}
	services := map[string]string{
		"table": "dynamodb", "index": "dynamodb", "blob": "s3", "queue": "sqs", "topic": "sns", "stream": "kinesis",
		"secret": "secretsmanager", "parameter": "ssm",
	}
	for name, store := range stores {
		kind, _, _ := strings.Cut(name, " ")
		service := services[kind]
		for _, c := range store.Capabilities() {
			want, ok := of[service][c.Op]
			if !ok {
				want = of[service][""]
			}
			usages := datastore.Usages([]*datastore.Grant{{Spec: store.Spec(), Ops: []string{c.Op}}})
			var got []datastore.Need
			for _, u := range usages[1:] {
				got = append(got, u.Needs()...)
			}
			var needs []datastore.Need
			if want != nil {
				needs = []datastore.Need{{
					Service: "kms", Actions: want, Resource: "key/{name}", Owner: ownerOf(name),
					Conditions: []datastore.Condition{{Operator: "StringLike", Key: "kms:ViaService", Values: []string{service + ".*.amazonaws.com*"}}},
				}}
			}
			if diff := cmp.Diff(needs, got); diff != "" {
				t.Errorf("%s: %s needs of the key (-want +got):\n%s", name, c.Op, diff)
			}
		}
		e, ok := store.Spec().(datastore.Encrypted)
		if !ok || e.EncryptedBy() == nil || e.EncryptedBy().Name() != "pii" || !datastore.IsIndirect(e.EncryptedBy()) {
			t.Errorf("%s: EncryptedBy = %v, want pii in the scope of %s", name, e, service)
		}
	}
}

// TestKeyOfTwoRoles: a function that uses a whole table, and callers' rows of another,
// needs the key for its own role and for that of callers.
func TestKeyOfTwoRoles(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	k := key.New(data, "pii", nil)
	whole, own := table.New[document](data, "whole", table.EncryptedBy(k)), table.New[document](data, "own", table.EncryptedBy(k)).PerCaller()
	usages := datastore.Usages([]*datastore.Grant{{Spec: whole.Spec(), Ops: []string{"Get"}}, {Spec: own.Spec(), Ops: []string{"Get"}}})
	var got []bool
	for _, u := range usages {
		if u.Spec.Kind() == "key" {
			got = append(got, u.Owner == datastore.ByCaller)
		}
	}
	if !slices.Equal(got, []bool{false, true}) {
		t.Errorf("the key is used by callers' roles: %v, want once by the function's and once by that", got)
	}
}

// TestNoKey: a key that nobody has declared is a mistake, and no panic.
func TestNoKey(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]datastore.Key{"nil": nil, "a nil key": (*key.Key)(nil), "the zero key": &key.Key{}} {
		data := datastore.New(nil, nil)
		declared := len(encrypted(data, k))
		errs := data.Errs()
		want := 7 // stores; those that are narrowed share their mistake
		if k == nil {
			want = 5 // of a secret, no key is a choice
		}
		if len(errs) != want || declared == 0 {
			t.Errorf("%s: %d mistakes, want %d: %v", name, len(errs), want, errs)
		}
		for _, err := range errs {
			if !strings.Contains(err.Error(), "encrypted by a key that is not declared") || !strings.Contains(err.Error(), "encryption_test.go") {
				t.Errorf("%s: %v, want a mistake on a line of this file", name, err)
			}
		}
	}
}

// ownerOf is whose part of a store its name says it is.
func ownerOf(name string) datastore.Owner {
	switch {
	case strings.HasSuffix(name, "of callers"):
		return datastore.ByCaller
	case strings.HasSuffix(name, "of tenants"):
		return datastore.ByTenant
	}
	return 0
}
