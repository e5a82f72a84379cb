package identity

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// User is a user of a directory.
type User struct {
	// Name is the user name, which does not change.
	Name string `json:"name"`
	// ID is unique among all users and never used again: the "sub" of tokens.
	ID string `json:"id"`
	// Enabled says whether the user may sign in.
	Enabled bool `json:"enabled"`
	// Status is how far the user has come: "CONFIRMED",
	// "FORCE_CHANGE_PASSWORD", "UNCONFIRMED", …
	//
	// See https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html
	Status string `json:"status"`
	// Attributes but for "sub": "email", "email_verified", "custom:plan". Never
	// nil.
	Attributes map[string]string `json:"attributes"`
	// Created and Modified are when that happened last.
	Created  time.Time `json:"created"`
	Modified time.Time `json:"modified"`
}

// NewUser is a user to create.
type NewUser struct {
	// Name is the user name, or the address where the pool signs in by one.
	// Required.
	Name string
	// Attributes, such as "email", and "custom:plan" where [Custom] declares it.
	Attributes map[string]string
	// Password that is good for the first sign-in. "" lets the pool make one.
	Password string
	// Invite has the pool send the invitation with the password. false sends
	// nothing: there is another way by which the user gets to know.
	Invite bool
}

// Format shows the name alone, whatever the verb is.
func (u NewUser) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "new user %q", u.Name) }

func (u NewUser) check() error {
	if err := checkName(u.Name); err != nil {
		return err
	}
	if u.Password != "" {
		if err := checkPassword(u.Password); err != nil {
			return err
		}
	}
	if len(u.Attributes) == 0 {
		return nil
	}
	return checkAttributes(u.Attributes)
}

// Limits of Cognito, in characters.
//
// See https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
const (
	maxName      = 128
	maxAttribute = 2048
	maxPassword  = 256
)

// checkName: letters, marks, symbols, digits and punctuation, and no space.
func checkName(name string) error {
	if !isName(name) {
		return invalid("the name of the user is empty, has a space or a character that is none, or has more than 128 characters")
	}
	return nil
}

func isName(name string) bool {
	if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName {
		return false
	}
	for _, r := range name {
		if !unicode.In(r, unicode.L, unicode.M, unicode.S, unicode.N, unicode.P) {
			return false
		}
	}
	return true
}

func checkAttributes(attributes map[string]string) error {
	if len(attributes) == 0 {
		return invalid("there is no attribute to set")
	}
	for name, value := range attributes {
		switch {
		case name == "" || len(name) > 32+len("custom:"):
			return invalid("the name of an attribute is empty or has more than 32 characters")
		case name == "sub":
			return invalid(`"sub" is the id, and cannot be set`)
		case !utf8.ValidString(value) || utf8.RuneCountInString(value) > maxAttribute:
			return invalid("attribute " + name + " is no UTF-8 or has more than 2,048 characters")
		}
	}
	return nil
}

func checkPassword(password string) error {
	if password == "" || !utf8.ValidString(password) || utf8.RuneCountInString(password) > maxPassword {
		return invalid("the password is empty, no UTF-8, or has more than 256 characters")
	}
	return nil
}

func checkGroups(groups []string) error {
	for _, group := range groups {
		if !isName(group) {
			return invalid("the name of a group is empty, has a space or a character that is none, or has more than 128 characters")
		}
	}
	return nil
}

func invalid(text string) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("%s", text)}
}
