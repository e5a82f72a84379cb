package localidentity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
)

// Answer is what a function does with the event of a trigger. Its error is what the
// function failed with.
type Answer func(ctx context.Context, event []byte) ([]byte, error)

// asked has the answers to the triggers of directories. It is safe for concurrent use.
type asked struct {
	mu  sync.Mutex
	all map[trigger]*answering
}

// trigger is one of a directory, without its version.
type trigger struct{ file, name string }

type answering struct {
	asks   string // with the version
	answer Answer
}

// Ask has the directory called name of the App called namespace ask answer at a
// trigger, as datastore.Feed.Asks names it, in place of whoever did before. It does so
// at those of
//
//	PreSignUp                             before Create makes a user
//	PreAuthentication, PostAuthentication around the sign-in of an [Issuer]
//	PreTokenGeneration                    before an Issuer signs tokens
//
// and never at the others, for which nothing happens here. Call stop to end it.
func (d *Driver) Ask(namespace, name, asks string, answer Answer) (stop func(), err error) {
	file, err := fileName(namespace, name)
	if err != nil {
		return nil, err
	}
	own := &answering{asks, answer}
	of, _, _ := strings.Cut(asks, " ")
	key := trigger{file, of}
	d.asked.mu.Lock()
	defer d.asked.mu.Unlock()
	if d.asked.all == nil {
		d.asked.all = map[trigger]*answering{}
	}
	d.asked.all[key] = own
	return func() {
		d.asked.mu.Lock()
		defer d.asked.mu.Unlock()
		if d.asked.all[key] == own {
			delete(d.asked.all, key)
		}
	}, nil
}

func (a *asked) of(file, name string) *answering {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all[trigger{file, name}]
}

// askTime is how long a user pool waits for a function.
const askTime = 5 * time.Second

// question is an event without what is always the same.
type question struct {
	UserName      string                 `json:"userName"`
	CallerContext identity.CallerContext `json:"callerContext"`
	Request       any                    `json:"request"`
	Response      json.RawMessage        `json:"response,omitempty"`
}

// ask is the response at a trigger, nil if nobody answers it. The caller holds no lock:
// the function may use the directory.
func (d *Driver) ask(ctx context.Context, file, name string, q question) (json.RawMessage, string, error) {
	a := d.asked.of(file, name)
	if a == nil {
		return nil, "", nil
	}
	given, err := json.Marshal(q)
	if err != nil {
		return nil, "", err
	}
	event, err := identity.NewEvent(a.asks, given)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	answer, err := a.answer(ctx, event)
	if err != nil {
		return nil, "", &datastore.Error{Kind: datastore.ErrInvalid, Code: "UserLambdaValidationException",
			Err: fmt.Errorf("%s failed with error %w", name, err)}
	}
	var back struct {
		Source   string          `json:"triggerSource"`
		Response json.RawMessage `json:"response"`
	}
	if json.Unmarshal(answer, &back) != nil || back.Source != identity.SourceOf(event) || len(back.Response) == 0 || back.Response[0] != '{' {
		return nil, "", &datastore.Error{Kind: datastore.ErrUnavailable, Code: "InvalidLambdaResponseException", Err: errors.New("the function did not answer with the event")}
	}
	return back.Response, a.asks, nil
}

// attributesOf are those of a user as events have them.
func attributesOf(r *record) map[string]string {
	all := maps.Clone(r.Attributes)
	if all == nil {
		all = map[string]string{}
	}
	all["sub"], all["cognito:user_status"] = r.ID, r.Status
	return all
}

// askPreSignUp asks whether a user may be made.
func (c *conn) askPreSignUp(ctx context.Context, user identity.NewUser) error {
	attributes := user.Attributes
	if attributes == nil {
		attributes = map[string]string{}
	}
	_, _, err := c.driver.ask(ctx, c.file, "PreSignUp", question{
		UserName: user.Name, CallerContext: anybody, Request: identity.PreSignUpRequest{UserAttributes: attributes},
		Response: json.RawMessage(`{"autoConfirmUser":false,"autoVerifyEmail":false,"autoVerifyPhone":false}`),
	})
	return err
}

// anybody is a caller that is no app client.
var anybody = identity.CallerContext{AWSSDKVersion: "aws-sdk-unknown-unknown", ClientID: "CLIENT_ID_NOT_APPLICABLE"}

// askAuthentication asks before or after a sign-in.
func (i *Issuer) askAuthentication(name string, r *record) error {
	_, _, err := i.driver.ask(context.Background(), i.file, name, question{
		UserName: r.Name, CallerContext: i.caller(), Request: map[string]any{"userAttributes": attributesOf(r)},
	})
	return err
}

func (i *Issuer) caller() identity.CallerContext {
	return identity.CallerContext{AWSSDKVersion: anybody.AWSSDKVersion, ClientID: i.settings.ClientID}
}

// overridden are the claims of both tokens after whoever answers PreTokenGeneration has
// changed them.
func (i *Issuer) overridden(r *record, id, access map[string]any) error {
	groups := identity.TokenGroups{Groups: slices.Clone(r.Groups), Roles: []string{}}
	if groups.Groups == nil {
		groups.Groups = []string{}
	}
	response, asks, err := i.driver.ask(context.Background(), i.file, "PreTokenGeneration", question{
		UserName: r.Name, CallerContext: i.caller(), Request: identity.TokenClaimsRequest{
			UserAttributes: attributesOf(r), GroupConfiguration: groups, Scopes: strings.Fields(access["scope"].(string)),
		},
	})
	if err != nil || response == nil {
		return err
	}
	var one identity.PreTokenGenerationResponse
	var both identity.TokenClaimsResponse
	if strings.HasSuffix(asks, " V1_0") {
		if err := json.Unmarshal(response, &one); err != nil {
			return invalidResponse()
		}
		if c := one.Claims; c != nil {
			set := make(map[string]any, len(c.Set))
			for name, value := range c.Set {
				set[name] = value
			}
			both.Claims = &identity.TokenOverride{ID: &identity.IDTokenClaims{Set: set, Suppress: c.Suppress}, Groups: c.Groups}
		}
	} else if err := json.Unmarshal(response, &both); err != nil {
		return invalidResponse()
	}
	if both.Claims != nil {
		override(both.Claims, id, access)
	}
	return nil
}

func invalidResponse() error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Code: "InvalidLambdaResponseException", Err: errors.New("the response of the function cannot be read")}
}

// fixed are the claims that no function changes.
//
// See https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html
var fixed = []string{
	"acr", "amr", "at_hash", "auth_time", "azp", "exp", "iat", "iss", "jti", "nbf", "nonce", "origin_jti", "sub", "token_use",
	"client_id", "username", "aud", "cognito:username", "cognito:groups", "scope",
}

func override(o *identity.TokenOverride, id, access map[string]any) {
	if g := o.Groups; g != nil {
		for _, claims := range []map[string]any{id, access} {
			delete(claims, "cognito:groups")
			if len(g.Groups) > 0 {
				claims["cognito:groups"] = g.Groups
			}
		}
	}
	if o.ID != nil {
		change(id, o.ID.Set, o.ID.Suppress)
	}
	if a := o.Access; a != nil {
		change(access, a.Set, a.Suppress)
		scopes := append(strings.Fields(access["scope"].(string)), a.AddScopes...)
		scopes = slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(a.SuppressScopes, s) })
		access["scope"] = strings.Join(scopes, " ")
	}
}

func change(claims, set map[string]any, suppress []string) {
	for name, value := range set {
		if !slices.Contains(fixed, name) {
			claims[name] = value
		}
	}
	for _, name := range suppress {
		if !slices.Contains(fixed, name) {
			delete(claims, name)
		}
	}
}
