package secret

import (
	"errors"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Source is the product of AWS that keeps a secret.
type Source uint8

const (
	// Manager is AWS Secrets Manager: up to 64 KB, rotation, a price for each
	// secret and call.
	Manager Source = iota + 1
	// Parameter is a parameter of AWS Systems Manager, a SecureString as a rule:
	// up to 4 KB, or 8 KB of an advanced one, no rotation, free as standard.
	// CloudFormation cannot make a SecureString: it must be there before.
	Parameter
)

func (s Source) String() string {
	switch s {
	case Manager:
		return "Secrets Manager"
	case Parameter:
		return "a parameter of Systems Manager"
	}
	return "no source"
}

// Spec says what a secret is. It is comparable.
type Spec struct {
	Logical string         // the name in the program: "stripe"
	Source  Source         // the product that keeps it
	Login   bool           // a user and a password: [NewLogin]
	Key     datastore.Spec // the key that it is encrypted with, nil for AWS's own
}

var _ datastore.Encrypted = Spec{}

// Kind is "secret".
func (s Spec) Kind() string { return "secret" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// ops are all by which a secret is read. Each needs the same.
var ops = []string{"Get", "Fresh", "Previous", "Version"}

// rotates are what the function that rotates a secret needs.
var rotates = []string{"DescribeSecret", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"}

// Needs are secretsmanager:GetSecretValue on the secret, or ssm:GetParameter on
// the parameter, and kms:Decrypt on the key through that service, if the secret
// has a key of its own. The function of a [Rotation], which has the operation
// Receive, needs what describes, reads and writes versions of it, and
// kms:GenerateDataKey.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
// and https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
func (s Spec) Needs(list []string) []datastore.Need {
	if s.Source == Manager && slices.Contains(list, datastore.Receive) {
		return []datastore.Need{{
			Service: "secretsmanager", Actions: rotates, Resource: "secret:{name}",
			Depends: datastore.KeyUse(s.Key, "Decrypt", "GenerateDataKey"),
		}}
	}
	if !slices.ContainsFunc(list, func(op string) bool { return slices.Contains(ops, op) }) {
		return nil
	}
	need := datastore.Need{Service: "secretsmanager", Actions: []string{"GetSecretValue"}, Resource: "secret:{name}"}
	if s.Source == Parameter {
		need = datastore.Need{Service: "ssm", Actions: []string{"GetParameter"}, Resource: "parameter/{name}"}
	}
	need.Depends = datastore.KeyUse(s.Key, "Decrypt")
	return []datastore.Need{need}
}

// service is the IAM prefix of the source.
func (s Source) service() string {
	if s == Parameter {
		return "ssm"
	}
	return "secretsmanager"
}

func (s Spec) check() error {
	if s.Source != Manager && s.Source != Parameter {
		return errors.New("secret " + s.Logical + " has no source; write secret.Manager or secret.Parameter")
	}
	return nil
}
