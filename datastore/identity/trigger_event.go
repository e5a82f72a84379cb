package identity

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// moments are how the trigger sources of each trigger begin, and which one is made up
// where none is given.
var moments = map[string]string{
	"PreSignUp":                   "PreSignUp_AdminCreateUser",
	"PostConfirmation":            "PostConfirmation_ConfirmSignUp",
	"PreAuthentication":           "PreAuthentication_Authentication",
	"PostAuthentication":          "PostAuthentication_Authentication",
	"PreTokenGeneration":          "TokenGeneration_Authentication",
	"UserMigration":               "UserMigration_Authentication",
	"CustomMessage":               "CustomMessage_AdminCreateUser",
	"CustomEmailSender":           "CustomEmailSender_AdminCreateUser",
	"CustomSMSSender":             "CustomSMSSender_AdminCreateUser",
	"InboundFederation":           "InboundFederation_ExternalProvider",
	"DefineAuthChallenge":         "DefineAuthChallenge_Authentication",
	"CreateAuthChallenge":         "CreateAuthChallenge_Authentication",
	"VerifyAuthChallengeResponse": "VerifyAuthChallengeResponse_Authentication",
}

// NewEvent is an event as a user pool sends it for a trigger, named as in
// datastore.Feed.Asks: what given, a JSON object or nothing, leaves out is made up. It
// is for drivers and tools.
func NewEvent(asks string, given []byte) ([]byte, error) {
	name, version, _ := strings.Cut(asks, " ")
	moment, known := moments[name]
	if !known {
		return nil, fmt.Errorf("a user pool has no trigger %q", asks)
	}
	e := map[string]json.RawMessage{}
	if given = bytes.TrimSpace(given); len(given) > 0 {
		if err := json.Unmarshal(given, &e); err != nil || given[0] != '{' {
			return nil, errors.New(`the event: write a JSON object such as {"userName": "ada", "request": {"userAttributes": {}}}`)
		}
	}
	event, _, _ := strings.Cut(moment, "_")
	if source := SourceOf(given); source != "" && !strings.HasPrefix(source, event+"_") {
		return nil, fmt.Errorf("the event: its triggerSource is %.60q, and those of %s begin with %q", source, asks, event+"_")
	}
	v := "1"
	if number, _, more := strings.Cut(strings.TrimPrefix(version, "V"), "_"); more {
		v = number
	}
	for _, m := range []struct{ name, value string }{
		{"version", `"` + v + `"`}, {"triggerSource", `"` + moment + `"`}, {"region", `"us-east-1"`}, {"userPoolId", `"us-east-1_LOCAL"`},
		{"userName", `""`}, {"callerContext", `{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":"local"}`}, {"request", `{}`}, {"response", `{}`},
	} {
		if _, there := e[m.name]; !there {
			e[m.name] = json.RawMessage(m.value)
		}
	}
	return json.Marshal(e)
}

// SourceOf is the trigger source of an event, "" if it has none.
func SourceOf(event []byte) string {
	var e struct {
		Source string `json:"triggerSource"`
	}
	if json.Unmarshal(event, &e) != nil {
		return ""
	}
	return e.Source
}
