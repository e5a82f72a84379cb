package cognitoidentity_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	cip "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/cognitoidentity"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	identity.Getter
	identity.Lister
	identity.Creator
	identity.AttributeSetter
	identity.PasswordSetter
	identity.Enabler
	identity.Grouper
	identity.GroupSetter
	identity.Deleter
}

// script is an HTTP client that answers by a function, and keeps the requests.
type script struct {
	answer func(n int) (*http.Response, error)

	mu    sync.Mutex
	calls []string
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, op, _ := strings.Cut(req.Header.Get("X-Amz-Target"), ".")
	s.mu.Lock()
	s.calls = append(s.calls, op+" "+string(body))
	n := len(s.calls)
	s.mu.Unlock()
	return s.answer(n)
}

func (s *script) open() all {
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}), "eu-west-1_Abc")
	return datastore.Use[all](function{}, identity.New(data, "people"))
}

func reply(status int, body string) (*http.Response, error) {
	return &http.Response{
		StatusCode: status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.1"}},
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
	}, nil
}

func refuse(status int, code string) func(int) (*http.Response, error) {
	return func(int) (*http.Response, error) {
		return reply(status, `{"__type":"`+code+`","message":"refused"}`)
	}
}

func answers(bodies ...string) func(int) (*http.Response, error) {
	return func(n int) (*http.Response, error) { return reply(200, bodies[min(n, len(bodies))-1]) }
}

func then(first, second func(int) (*http.Response, error)) func(int) (*http.Response, error) {
	return func(n int) (*http.Response, error) {
		if n == 1 {
			return first(n)
		}
		return second(n)
	}
}

func lost(int) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
}

const user = `{"Username":"ada","Enabled":true,"UserStatus":"CONFIRMED"}`

// TestFaults: what each answer means, how often it is asked, and that no attribute or
// password is in the error.
func TestFaults(t *testing.T) {
	t.Parallel()
	get := func(ctx context.Context, u all) error { _, err := u.Get(ctx, "ada"); return err }
	create := func(ctx context.Context, u all) error {
		_, err := u.Create(ctx, identity.NewUser{Name: "ada", Password: "hunter2", Attributes: map[string]string{"email": "hunter2@example.com"}})
		return err
	}
	set := func(ctx context.Context, u all) error { return u.SetPassword(ctx, "ada", "hunter2") }
	attributes := func(ctx context.Context, u all) error {
		return u.SetAttributes(ctx, "ada", map[string]string{"email": "hunter2"})
	}
	enable := func(ctx context.Context, u all) error { return u.Enable(ctx, "ada") }
	remove := func(ctx context.Context, u all) error { return u.Delete(ctx, "ada") }
	group := func(ctx context.Context, u all) error { return u.SetGroups(ctx, "ada", []string{"editors"}) }
	for _, tt := range []struct {
		name   string
		do     func(context.Context, all) error
		answer func(int) (*http.Response, error)
		want   error
		calls  int
	}{
		{"get nobody", get, refuse(400, "UserNotFoundException"), datastore.ErrNotFound, 1},
		{"get of no pool", get, refuse(400, "ResourceNotFoundException"), datastore.ErrUnavailable, 1},
		{"get too often", get, refuse(400, "TooManyRequestsException"), datastore.ErrThrottled, 8},
		{"get, denied", get, refuse(400, "NotAuthorizedException"), datastore.ErrDenied, 1},
		{"get, lost once", get, then(lost, answers(user)), nil, 2},
		{"get, failing once", get, then(refuse(500, "InternalErrorException"), answers(user)), nil, 2},
		{"create again", create, refuse(400, "UsernameExistsException"), datastore.ErrConflict, 1},
		{"create with another's address", create, refuse(400, "AliasExistsException"), datastore.ErrConflict, 1},
		{"create, refused by a trigger", create, refuse(400, "UserLambdaValidationException"), datastore.ErrInvalid, 1},
		{"create, a weak password", create, refuse(400, "InvalidPasswordException"), datastore.ErrInvalid, 1},
		{"create, the answer is lost", create, lost, datastore.ErrUnknown, 1},
		{"create, failing", create, refuse(500, "InternalErrorException"), datastore.ErrUnknown, 1},
		{"create, no invitation", create, refuse(400, "CodeDeliveryFailureException"), datastore.ErrUnknown, 1},
		{"create, throttled once", create, then(refuse(400, "TooManyRequestsException"), answers(`{"User":`+user+`}`)), nil, 2},
		{"create, nothing in the answer", create, answers(`{}`, user), nil, 2},
		{"password, the answer is lost", set, then(lost, answers(`{}`)), nil, 2},
		{"password, used before", set, refuse(400, "PasswordHistoryPolicyViolationException"), datastore.ErrInvalid, 1},
		{"attributes, an address that is none", attributes, refuse(400, "InvalidParameterException"), datastore.ErrInvalid, 1},
		{"attributes, too often", attributes, refuse(400, "LimitExceededException"), datastore.ErrThrottled, 1},
		{"enable, lost always", enable, lost, datastore.ErrUnknown, 8},
		{"delete, lost once", remove, then(lost, refuse(400, "UserNotFoundException")), nil, 2},
		{"delete nobody", remove, refuse(400, "UserNotFoundException"), nil, 1},
		{"groups, none such", group, then(answers(`{"Groups":[]}`), refuse(400, "ResourceNotFoundException")), datastore.ErrNotFound, 2},
		{"groups, no pool", group, refuse(400, "ResourceNotFoundException"), datastore.ErrUnavailable, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: tt.answer}
				err := tt.do(t.Context(), s.open())
				if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || len(s.calls) != tt.calls {
					t.Errorf("error = %v after %d calls, want %v after %d", err, len(s.calls), tt.want, tt.calls)
				}
				var api smithy.APIError
				var network *net.OpError
				if tt.want != nil && !errors.As(err, &api) && !errors.As(err, &network) {
					t.Errorf("%v: the SDK's error is not found", err)
				}
				if err != nil && strings.Contains(fmt.Sprintf("%v %+v", err, err), "hunter2") {
					t.Errorf("the error has an attribute or a password: %v", err)
				}
			})
		})
	}
}

// TestGroups: what differs is added and removed, in this order, and all pages are
// read.
func TestGroups(t *testing.T) {
	t.Parallel()
	s := &script{answer: answers(`{"Groups":[{"GroupName":"old"}],"NextToken":"t"}`, `{"Groups":[{"GroupName":"both"}]}`, `{}`)}
	if err := s.open().SetGroups(t.Context(), "ada", []string{"new", "both"}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"AdminListGroupsForUser", "AdminListGroupsForUser t", "AdminAddUserToGroup new", "AdminRemoveUserFromGroup old",
	}
	var got []string
	for _, call := range s.calls {
		op, body, _ := strings.Cut(call, " ")
		var in struct{ NextToken, GroupName string }
		if err := json.Unmarshal([]byte(body), &in); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.TrimSpace(op+" "+in.NextToken+in.GroupName))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("calls = %q, want %q", got, want)
	}
}

// TestRequests: a filter is escaped, an invitation is sent only if it is asked for, and
// a native error is found.
func TestRequests(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		do   func(context.Context, all) error
		want string
	}{
		"list": {func(ctx context.Context, u all) error {
			_, err := u.List(ctx, identity.Query{Attribute: "email", Value: `a"b\`, Prefix: true, Limit: 7})
			return err
		}, `ListUsers {"Filter":"email ^= \"a\\\"b\\\\\"","Limit":7,"UserPoolId":"eu-west-1_Abc"}`},
		"list all": {func(ctx context.Context, u all) error {
			_, err := u.List(ctx, identity.Query{})
			return err
		}, `ListUsers {"Limit":60,"UserPoolId":"eu-west-1_Abc"}`},
		"create": {func(ctx context.Context, u all) error {
			_, err := u.Create(ctx, identity.NewUser{Name: "ada"})
			return err
		}, `AdminCreateUser {"MessageAction":"SUPPRESS","UserPoolId":"eu-west-1_Abc","Username":"ada"}`},
		"invite": {func(ctx context.Context, u all) error {
			_, err := u.Create(ctx, identity.NewUser{Name: "ada", Invite: true, Password: "p", Attributes: map[string]string{"email": "a@example.com"}})
			return err
		}, `AdminCreateUser {"TemporaryPassword":"p","UserAttributes":[{"Name":"email","Value":"a@example.com"}],"UserPoolId":"eu-west-1_Abc","Username":"ada"}`},
	} {
		s := &script{answer: answers(`{"User":` + user + `}`)}
		if err := tt.do(t.Context(), s.open()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if sorted(t, s.calls[0]) != sorted(t, tt.want) {
			t.Errorf("%s: call = %s, want %s", name, s.calls[0], tt.want)
		}
	}
	s := &script{answer: refuse(400, "UserNotFoundException")}
	_, err := s.open().Get(t.Context(), "ada")
	var native *types.UserNotFoundException
	if !errors.As(err, &native) {
		t.Errorf("Get: error = %v, want the SDK's below it", err)
	}
}

// sorted is a call with the members of its body in order.
func sorted(t testing.TB, call string) string {
	t.Helper()
	op, body, _ := strings.Cut(call, " ")
	var in any
	if err := json.Unmarshal([]byte(body), &in); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return op + " " + string(out)
}

// TestVariable: the variable must be set.
func TestVariable(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{cognitoidentity.Driver}, nil)
	_, err := datastore.Use[identity.Getter](function{}, identity.New(data, "people")).Get(t.Context(), "ada")
	if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_IDENTITY_PEOPLE is not set") {
		t.Errorf("error = %v", err)
	}
}

// TestPoolOfTrigger: a function that answers triggers knows the user pool from their
// events, and from nothing else.
func TestPoolOfTrigger(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_MOTO")
	pool := newPool(t, url, cip.CreateUserPoolInput{})
	users := datastore.Use[all](function{}, identity.New(dataFor(config(url, nil), identity.FromTrigger), "people"))
	for name, ctx := range map[string]context.Context{
		"no record":   t.Context(),
		"of a bucket": datastore.WithRecord(t.Context(), &datastore.Record{Service: "s3", Source: pool}),
	} {
		if _, err := users.Get(ctx, "ada"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "knows the user pool from its triggers alone") {
			t.Errorf("%s: Get: %v", name, err)
		}
	}
	ctx := datastore.WithRecord(t.Context(), &datastore.Record{Service: "cognito", Source: pool})
	if _, err := users.Create(ctx, identity.NewUser{Name: "ada"}); err != nil {
		t.Fatal(err)
	}
	if user, err := users.Get(ctx, "ada"); err != nil || user.Name != "ada" {
		t.Errorf("Get = %+v, %v", user, err)
	}
}
