package sigv4_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

var (
	alice  = sigv4.Credentials{AccessKey: "AKIAALICE", Secret: "alice-secret"}
	eleven = func() time.Time { return time.Date(2026, 1, 30, 11, 0, 0, 0, time.UTC) }
)

func ExampleNewVerifier() {
	verifier := sigv4.NewVerifier("execute-api", "eu-central-1", sigv4.Static(alice), &sigv4.Options{Now: eleven})
	r, err := http.NewRequest("GET", "https://api.example.com/orders/7", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Verify(context.Background(), sigv4.FromHTTP(r, nil))
	var refusal *sigv4.Refusal
	if errors.As(err, &refusal) {
		fmt.Println(refusal.Code, "-", refusal.Message)
	}
	// Output: MissingAuthenticationTokenException - Missing Authentication Token
}

func ExampleNewSigner() {
	signer := sigv4.NewSigner("execute-api", "eu-central-1", &sigv4.SignerOptions{Now: eleven})
	r, err := http.NewRequest("GET", "https://api.example.com/orders/7", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := signer.Sign(r, sigv4.Hash(nil), alice); err != nil {
		fmt.Println(err)
		return
	}
	verifier := sigv4.NewVerifier("execute-api", "eu-central-1", sigv4.Static(alice), &sigv4.Options{Now: eleven})
	signature, err := verifier.Verify(context.Background(), sigv4.FromHTTP(r, nil))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(signature.AccessKey, signature.SignedHeaders)
	// Output: AKIAALICE [host x-amz-date]
}

func ExampleStatic() {
	keys := sigv4.Static(alice)
	_, err := keys.Key(context.Background(), "AKIAEVE")
	fmt.Println(err)
	// Output: unknown access key
}
