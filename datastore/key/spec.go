package key

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Spec says what a key is. It is comparable.
type Spec struct {
	Logical string // the name in the program: "pii"
	// Service is the one of AWS that uses the key for the function, by its IAM
	// prefix; "" where the function does itself. See [Key.Via].
	Service string
}

var _ datastore.Indirect = Spec{}

// Kind is "key".
func (s Spec) Kind() string { return "key" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// UsedBy is the service that uses the key for the function.
func (s Spec) UsedBy() string { return s.Service }

// need is an action of KMS under a condition.
type need struct {
	op, action string
	condition  datastore.Condition
}

// Direct is what is bound to no data key, an envelope what is.
//
// See https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
var (
	direct    = datastore.Condition{Operator: "Null", Key: "kms:EncryptionContext:" + envelopeName, Values: []string{"true"}}
	enveloped = datastore.Condition{Operator: "StringEquals", Key: "kms:EncryptionContext:" + envelopeName, Values: []string{"1"}}
)

// needs of a function that uses the key itself.
var needs = []need{
	{"Decrypt", "Decrypt", direct},
	{"Open", "Decrypt", enveloped},
	{"Encrypt", "Encrypt", direct},
	{"Seal", "GenerateDataKey", enveloped},
}

// Needs are kms:Encrypt and kms:Decrypt on the key, kms:GenerateDataKey for Seal and
// kms:Decrypt for Open; each only for what was made in that way. In the scope of a
// service they are kms:Decrypt for "Decrypt" and kms:GenerateDataKey for
// "GenerateDataKey", through that service alone. The policy of the key must let the
// account's IAM policies decide, as that of the console does.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
// and https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if s.Service != "" {
		return s.needsVia(ops)
	}
	var all []datastore.Need
	for _, n := range needs {
		if slices.Contains(ops, n.op) {
			all = append(all, needOf([]string{n.action}, n.condition))
		}
	}
	return all
}

func (s Spec) needsVia(ops []string) []datastore.Need {
	var actions []string
	for _, action := range []string{"Decrypt", "GenerateDataKey"} {
		if slices.Contains(ops, action) {
			actions = append(actions, action)
		}
	}
	if actions == nil {
		return nil
	}
	// A key has one region, and so has the service that may use it.
	return []datastore.Need{needOf(actions, datastore.Condition{
		Operator: "StringLike", Key: "kms:ViaService", Values: []string{s.Service + ".*.amazonaws.com*"}})}
}

func needOf(actions []string, condition datastore.Condition) datastore.Need {
	return datastore.Need{Service: "kms", Actions: actions, Resource: "key/{name}", Conditions: []datastore.Condition{condition}}
}
