package handlertest_test

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// TestReadTransformed: an answer that would fail the batch, or a record that is not
// told of, is an error.
func TestReadTransformed(t *testing.T) {
	t.Parallel()
	const ok = `{"recordId":"1","result":"Ok","data":"YQ=="}`
	for answer, want := range map[string]string{
		`{"records":[` + ok + `]}`:                                         "",
		`{"records":[` + ok + `,` + ok + `]}`:                              "is there twice",
		`{"records":[{"result":"Ok","data":""}]}`:                          "has no id",
		`{"records":[{"recordId":"1","result":"ok","data":""}]}`:           `the result "ok"`,
		`{"records":[{"recordId":"1","result":"Dropped"}]}`:                "or no data",
		`{"records":[{"recordId":"1","result":"Ok","data":"%"}]}`:          "read results",
		`{"records":[{"recordId":"1","result":"Ok","data":"","more":""}]}`: "more",
		`null and more`: "read results",
	} {
		results, err := handlertest.ReadTransformed([]byte(answer))
		if want == "" && (err != nil || len(results) != 1 || string(results[0].Data) != "a") || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("ReadTransformed(%s) = %+v, %v, want %q", answer, results, err, want)
		}
	}
}

// TestAskedRecords: records of triggers and delivery streams are as the services send
// them.
func TestAskedRecords(t *testing.T) {
	t.Parallel()
	users := identity.New(datastore.New(nil, nil), "users")
	r := handlertest.RecordsOf(users.PreSignUp(), &identity.PreSignUpEvent{TriggerSource: "PreSignUp_SignUp", UserPoolID: "eu-west-1_B"})[0]
	if payload := string(handlertest.RecordsEvent(r)); r.Source != "eu-west-1_B" || !strings.Contains(payload, `"version":"1"`) || !strings.Contains(payload, `"region":"eu-west-1"`) {
		t.Errorf("a trigger of %s is %s", r.Source, payload)
	}
	lines := event.NewFirehose[string]("lines", event.FromStream("lines-to-s3"), event.Newlines())
	r = handlertest.RecordsOf(lines, &event.Transformation[string]{Value: "a"})[0]
	if payload := string(handlertest.RecordsEvent(r)); string(r.Data) != "a\n" || !strings.Contains(payload, `deliverystream/lines-to-s3"`) || !strings.Contains(payload, `"data":"YQo="`) {
		t.Errorf("a record of a delivery stream is %s", payload)
	}
	defer func() {
		if text, _ := recover().(string); !strings.Contains(text, "give the event its TriggerSource") {
			t.Errorf("without a trigger source: %q", text)
		}
	}()
	handlertest.RecordsOf(users.PreSignUp(), &identity.PreSignUpEvent{})
}
