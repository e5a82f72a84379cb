package identity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Spec says what an identity is: a directory of users, or an exchange for who is in
// one. It is comparable.
type Spec struct {
	Logical string // the name in the program: "users"
	// Users is the directory whose tokens an exchange takes, nil for a directory.
	Users datastore.Spec
	// Custom are the names of the attributes that are declared beside the standard
	// ones, with spaces between; see [Custom].
	Custom string
	// SelfSignUp lets users make their accounts themselves; see [SelfSignUp].
	SelfSignUp bool
	Key        datastore.Spec // that codes are encrypted with, nil for none; see [CodesEncryptedBy]
}

var _ datastore.Encrypted = Spec{}

// Kind is "identity".
func (s Spec) Kind() string { return "identity" }

// Name is the logical name.
func (s Spec) Name() string { return s.Logical }

// EncryptedBy is the Key.
func (s Spec) EncryptedBy() datastore.Spec { return s.Key }

// IsExchange reports whether it is an [Exchange].
func (s Spec) IsExchange() bool { return s.Users != nil }

// CustomList are the custom attributes one by one, without "custom:".
func (s Spec) CustomList() []string { return strings.Fields(s.Custom) }

// Option is a part of the declaration of a directory.
type Option interface{ declare(*Spec) error }

type option func(*Spec)

func (o option) declare(s *Spec) error {
	o(s)
	return nil
}

type encrypted struct{ key datastore.Key }

// CodesEncryptedBy declares the key with which the user pool encrypts codes and temporary
// passwords for [Directory.CustomEmailSender] and [Directory.CustomSMSSender], which both
// need it. Whoever deploys needs kms:CreateGrant on it, by which Cognito uses the key; the
// function that sends decrypts with it, as [key.Decrypter].
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-custom-sender-triggers.html
func CodesEncryptedBy(key datastore.Key) Option { return encrypted{key} }

func (o encrypted) declare(s *Spec) (err error) {
	s.Key, err = datastore.KeyVia(o.key, "cognito-idp")
	return err
}

// Custom declares attributes of users beside the standard ones: text of up to 2,048
// characters that can be changed, which users and tokens have under "custom:NAME".
// Names have 1 to 20 letters, digits, '_', '-' and '.', and there are up to 50. A user
// pool takes more of them later, and never lets one go.
//
//	identity.New(data, "users", identity.Custom("plan", "seats"))
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
func Custom(names ...string) Option {
	return option(func(s *Spec) {
		for _, name := range names {
			// A name that is empty or has a space is a mistake, and not none or two.
			if whole := strings.Join(strings.Fields(name), "?"); whole != name || name == "" {
				name = whole + "?"
			}
			s.Custom = strings.TrimPrefix(s.Custom+" "+name, " ")
		}
	})
}

// SelfSignUp lets users sign up themselves, with a client of the user pool; see
// [Directory.PreSignUp] for who may, and [Directory.PostConfirmation]. Default: users
// are made by [Creator] alone. On this machine nobody signs up.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
func SelfSignUp() Option { return option(func(s *Spec) { s.SelfSignUp = true }) }

// maxCustom is how many attributes Cognito lets a pool have beside the standard ones.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
const maxCustom = 50

const customLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

func isCustomName(name string) bool {
	return len(name) <= 20 && strings.Trim(name, customLetters) == ""
}

// specOf is the Spec of a directory, and the mistakes in it.
func specOf(name string, opts []Option) (Spec, []error) {
	s := Spec{Logical: name}
	var errs []error
	wrong := handle.Apply(opts, func(o Option) {
		if err := o.declare(&s); err != nil {
			errs = append(errs, fmt.Errorf("identity %s: %w", name, err))
		}
	})
	if wrong != nil {
		errs = append(errs, fmt.Errorf("identity %s: %w", name, wrong))
	}
	names := s.CustomList()
	if len(names) > maxCustom {
		errs = append(errs, fmt.Errorf("identity %s: %d custom attributes; Cognito takes %d", name, len(names), maxCustom))
	}
	for i, custom := range names {
		switch {
		case !isCustomName(custom):
			errs = append(errs, fmt.Errorf("identity %s: the custom attribute %q: write 1 to 20 letters, digits, '_', '-' and '.', without \"custom:\"", name, custom))
		case slices.Contains(names[:i], custom):
			errs = append(errs, fmt.Errorf("identity %s: the custom attribute %q twice; write it once", name, custom))
		}
	}
	return s, errs
}

// actions of Cognito that each operation needs.
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncognitouserpools.html
var actions = map[string][]string{
	"Get":           {"AdminGetUser"},
	"List":          {"ListUsers"},
	"Create":        {"AdminCreateUser"},
	"SetAttributes": {"AdminUpdateUserAttributes"},
	"SetPassword":   {"AdminSetUserPassword"},
	"Enable":        {"AdminEnableUser"},
	"Disable":       {"AdminDisableUser"},
	"Groups":        {"AdminListGroupsForUser"},
	"SetGroups":     {"AdminAddUserToGroup", "AdminListGroupsForUser", "AdminRemoveUserFromGroup"},
	"SignOut":       {"AdminUserGlobalSignOut"},
	"Delete":        {"AdminDeleteUser"},
}

// Needs are the actions of ops on the user pool. An exchange needs no action of its
// role: who has a token may exchange it; but it needs to know the directory.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/vpc-interface-endpoints.html
func (s Spec) Needs(ops []string) []datastore.Need {
	if s.IsExchange() {
		return []datastore.Need{{
			Service: "cognito-identity", Unsigned: []string{"GetCredentialsForIdentity", "GetId"}, Resource: "identitypool/{name}",
			Depends: []datastore.Dependence{{Spec: s.Users}},
		}}
	}
	var list []string
	for _, op := range ops {
		list = append(list, actions[op]...)
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return []datastore.Need{{Service: "cognito-idp", Actions: slices.Compact(list), Resource: "userpool/{name}"}}
}
