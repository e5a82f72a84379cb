package customresource

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// answer is what CloudFormation is told.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-responses.html
type answer struct {
	Status             string
	Reason             string `json:",omitempty"`
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
}

const (
	statusSuccess = "SUCCESS"
	statusFailed  = "FAILED"
)

// maxAnswer is how many bytes an answer may have.
const maxAnswer = 4096

// body is the answer with as much of the reason as there is room for.
func (a answer) body() ([]byte, error) {
	a.Reason = strings.ToValidUTF8(a.Reason, "\uFFFD")
	if len(a.Reason) > maxAnswer {
		a.Reason = shorter(a.Reason, len(a.Reason)-maxAnswer)
	}
	for {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false) // which makes six bytes of one
		if err := enc.Encode(a); err != nil {
			return nil, err
		}
		over := b.Len() - maxAnswer
		if over <= 0 {
			return b.Bytes(), nil
		}
		if a.Reason == "" {
			return nil, fmt.Errorf("custom resource: the answer has %d bytes without a reason, more than %d", b.Len(), maxAnswer)
		}
		a.Reason = shorter(a.Reason, (over+5)/6) // a byte takes up to six: \u0001
	}
}

const cutMark = "…"

// shorter is text without at least n bytes of its end.
func shorter(text string, n int) string {
	if !strings.HasSuffix(text, cutMark) {
		n += len(cutMark) // which comes to it
	}
	text = strings.TrimSuffix(text, cutMark)
	end := max(0, len(text)-n)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	if end == 0 {
		return ""
	}
	return text[:end] + cutMark
}

// attemptTime is that of one attempt to put an answer.
const attemptTime = 5 * time.Second

// put puts the answer to the signed address, which wants no Content-Type. It may be
// put twice: the first one counts.
func (a answer) put(ctx context.Context, client *http.Client, to string) error {
	if client == nil {
		client = http.DefaultClient
	}
	body, err := a.body()
	if err != nil {
		return err
	}
	call := retry.Call{Write: true, Repeatable: true, Limit: attemptTime}
	err = retry.New(nil).Do(ctx, call, func(ctx context.Context) *retry.Fault { return send(ctx, client, to, body) })
	if err != nil {
		return fmt.Errorf("custom resource: answer to CloudFormation: %w", err)
	}
	return nil
}

func send(ctx context.Context, client *http.Client, to string, body []byte) *retry.Fault {
	var sending retry.Sending
	req, err := http.NewRequestWithContext(sending.Watch(ctx), http.MethodPut, to, bytes.NewReader(body))
	if err != nil {
		return &retry.Fault{Err: errors.New("the address is none"), Kind: datastore.ErrInvalid}
	}
	resp, err := client.Do(req)
	if err != nil {
		if u, ok := errors.AsType[*url.Error](err); ok {
			err = u.Err // without the address, whose signature lets anybody answer
		}
		return &retry.Fault{Err: err, Kind: datastore.ErrUnavailable, Retry: true, Lost: !sending.None(err)}
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<16))
	resp.Body.Close()
	switch {
	case resp.StatusCode < 300:
		return nil
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		return &retry.Fault{Err: errors.New(resp.Status), Kind: datastore.ErrUnavailable, Retry: true}
	}
	return &retry.Fault{Err: errors.New(resp.Status), Kind: datastore.ErrDenied}
}
