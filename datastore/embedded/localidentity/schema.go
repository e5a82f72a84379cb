package localidentity

import (
	"errors"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// standard are the attributes that every user pool has, with the rule of those that do
// not take every text. An empty value removes an attribute and is no value.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-attributes.html
var standard = map[string]func(string) bool{
	"address": nil, "family_name": nil, "gender": nil, "given_name": nil, "locale": nil, "middle_name": nil,
	"name": nil, "nickname": nil, "picture": nil, "preferred_username": nil, "profile": nil, "website": nil, "zoneinfo": nil,
	"birthdate":             func(v string) bool { return len(v) == len("2006-01-02") },
	"email":                 isAddress,
	"email_verified":        isBoolean,
	"phone_number":          regexp.MustCompile(`^\+[0-9]{1,15}$`).MatchString,
	"phone_number_verified": isBoolean,
	"updated_at":            func(v string) bool { _, err := strconv.ParseUint(v, 10, 63); return err == nil },
}

func isBoolean(v string) bool { return strings.EqualFold(v, "true") || strings.EqualFold(v, "false") }

func isAddress(v string) bool {
	a, err := mail.ParseAddress(v)
	return err == nil && a.Address == v
}

// conform refuses what is not of the schema, as a user pool does. No value is in the
// error.
func conform(attributes map[string]string, custom []string) error {
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		fits, known := standard[name]
		if own, ok := strings.CutPrefix(name, "custom:"); ok {
			known = slices.Contains(custom, own)
		}
		switch value := attributes[name]; {
		case !known:
			return wrong("attribute " + strconv.Quote(name) + " is not in the schema; the standard ones are, and those that identity.Custom declares, as \"custom:NAME\"")
		case value != "" && fits != nil && !fits(value):
			return wrong("the value of attribute " + name + " has not its form")
		}
	}
	return nil
}

func wrong(text string) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Code: "InvalidParameterException", Err: errors.New(text)}
}
