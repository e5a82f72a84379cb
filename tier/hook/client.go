package hook

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// client sends the one request to CodeDeploy that a hook needs, which the SDK's client
// of the service would do at the price of all its others.
type client struct {
	lookup func(string) (string, bool)
	http   *http.Client
	retry  *iam.Retry
}

func newClient(lookup func(string) (string, bool)) *client {
	return &client{lookup, iam.HTTPClient(), iam.NewRetry(nil)}
}

// alreadyCompleted is the code of a hook whose outcome CodeDeploy knows.
const alreadyCompleted = "LifecycleEventAlreadyCompletedException"

// put tells CodeDeploy the outcome of a hook. It may be sent twice: the first one counts.
//
// See https://docs.aws.amazon.com/codedeploy/latest/APIReference/API_PutLifecycleEventHookExecutionStatus.html
func (c *client) put(ctx context.Context, r Release, status string) error {
	cfg, err := iam.Config("CODEDEPLOY", c.lookup)
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{
		"deploymentId": r.Deployment, "lifecycleEventHookExecutionId": r.Execution, "status": status,
	})
	if err != nil {
		return err
	}
	err = c.retry.Do(ctx, iam.Call{Write: true, Repeatable: true}, func(ctx context.Context) error { return c.send(ctx, cfg, body) })
	if e, ok := errors.AsType[*datastore.Error](err); ok && e.Code == alreadyCompleted {
		slog.InfoContext(ctx, "hook: CodeDeploy knows the outcome already", "deployment", r.Deployment, "status", status)
		return nil
	}
	return err
}

// send sends the request once, by the protocol AWS JSON 1.1.
//
// See https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
func (c *client) send(ctx context.Context, cfg aws.Config, body []byte) error {
	endpoint := "https://codedeploy." + cfg.Region + "." + iam.Domain(cfg.Region)
	if cfg.BaseEndpoint != nil {
		endpoint = strings.TrimSuffix(*cfg.BaseEndpoint, "/")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/", bytes.NewReader(body))
	if err != nil {
		return &datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New("the endpoint of CodeDeploy is no URL")}
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.1")
	req.Header.Set("X-Amz-Target", "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus")
	keys, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return &v4.SigningError{Err: fmt.Errorf("get credentials: %w", err)}
	}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "codedeploy", cfg.Region, time.Now()); err != nil {
		return err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return refusalOf(resp.StatusCode, answer)
}

// maxAnswer is how much is read of an answer, of which only an error's matters.
const maxAnswer = 64 << 10

// refusal is an answer of CodeDeploy that is an error.
type refusal struct {
	status        int
	code, message string
}

var _ smithy.APIError = (*refusal)(nil)

// refusalOf reads an error, whose type may have a namespace before it and an address
// behind it.
func refusalOf(status int, answer []byte) *refusal {
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"` // or "Message"
	}
	_ = json.Unmarshal(answer, &e) // what is no error of CodeDeploy has its status
	code := e.Type[strings.LastIndexByte(e.Type, '#')+1:]
	code, _, _ = strings.Cut(code, ":")
	return &refusal{status, code, e.Message}
}

func (r *refusal) Error() string {
	return strings.TrimSpace(fmt.Sprintf("status %d %s %s", r.status, r.code, r.message))
}
func (r *refusal) HTTPStatusCode() int           { return r.status }
func (r *refusal) ErrorCode() string             { return r.code }
func (r *refusal) ErrorMessage() string          { return r.message }
func (r *refusal) ErrorFault() smithy.ErrorFault { return smithy.FaultUnknown }
