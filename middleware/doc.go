// Package middleware has what stands between a front door or an event source and
// a handler: one file a middleware, each a [handler.Middleware] that can be used
// alone.
//
//	api.Handle("POST /orders", handler.New(svc.place), tier.With(middleware.Once(marks, nil)))
//	tier.On(worker, jobs, svc.work, tier.With(middleware.Once(marks, nil)))
//
// A middleware that keeps something takes the capabilities it needs of a store, as
// an application does, so that it works with any driver and is in the function's
// role like all else:
//
//	marks := datastore.Use[middleware.Marks](worker, table.New[middleware.Mark](data, "marks"))
//
//	[Once]                the same request or record takes effect once
//	[Logs]                a line for each request and record, and facts of it in every line
//	[Metrics]             counters, timings, levels; duration, errors and cold starts of each route
//	otel.New              traces of requests, records, stores and calls: middleware/otel
//	[RequestID]           one id in logs, answers and problem documents
//	[Recover]             a panic is an error for what stands outside
//	[Audit]               who did what to what, with which outcome
//	[JWT]                 who has a token of an issuer or of a Cognito user pool
//	[APIKeys]             who has an API key
//	[Signed]              webhooks that a service has signed
//	[ClientCertificate]   who has a certificate that the front door verified
//	[Require]             callers with scopes, groups or claims
//	[Allow]               whom a policy lets in; [Policy] decides inside of handlers, too
//	[Claims]              claims of the caller, read into a struct
//	[Tenant]              for which tenant it is: marks, kept answers, counts and stores keep them apart
//	[AuthorizerContext]   scopes and groups that a Lambda authorizer has passed on
//	[NewFlags]            feature flags with rules of who gets which
//	[Retry]               what failed for a moment is tried again
//	[Breaker]             what fails too often is left alone, by all sandboxes
//	[Bulkhead]            so much of a kind is under way at once
//	[Hedge]               a slow read is begun a second time
//	[Cache]               answers kept in a cache, made once for all who ask
//	[RateLimit]           so many requests of one caller, over all sandboxes
//	[Conditional]         ETag, If-Match and their like: 304, 412, 428
//	[Compress]            answers in gzip, or in others such as those of middleware/zstd
//	[Decompress]          compressed requests, up to a limit
//	[Timeout]             an answer before Lambda ends the invocation
//	[Shed]                no more at once than a sandbox can do
//	[BodyLimit]           no larger bodies than these
//	[SecurityHeaders]     what tells browsers to be careful
//
// [handler.CORS] lets pages of other origins call. [Authorizer] makes a Lambda authorizer
// of those that say who is calling. Retry, Breaker, Bulkhead and Hedge guard calls inside of
// a handler too, by [Guarded].
//
// Everything here is safe for concurrent use.
package middleware
