import type { ErrorCode } from '@loguro/types';

// Written by scripts/embed-error-pages.mjs from docs/errors: edit the pages there.

/** The documentation's page of every error code, Markdown. */
export const ERROR_PAGES: Record<ErrorCode, string> = {
  account_not_found:
    '# `account_not_found`\n\nHTTP 404. No account has this e-mail address.\n\n## What it means\n\nNo account has this e-mail address, so it cannot become a member.\n\n## What to do\n\nAccounts are created by whoever runs the installation; see [going to production](../production.md#3-the-first-account). Check the spelling first.\n',
  already_member:
    '# `already_member`\n\nHTTP 409. The account is a member of the project already.\n\n## What it means\n\nThe account is a member of this project already.\n\n## What to do\n\nTo change its role: `PATCH /api/projects/:slug/members/:accountId`.\n',
  bad_gateway:
    '# `bad_gateway`\n\nHTTP 502. The service broke off before it answered; the request may have taken effect.\n\n## What it means\n\nThe gateway had sent the request to a service, and the connection ended before a whole answer came back: the process was stopped, or crashed. Nobody can tell from the outside whether the request took effect. A record sent with it is either wholly there or wholly not.\n\n## What to do\n\nRepeat a request that only reads. Repeat records with the same `Idempotency-Key` as the first time: they are stored once, whatever had become of them. Without such a key, look before you repeat.\n',
  credential_inactive:
    '# `credential_inactive`\n\nHTTP 409. A revoked or expired credential cannot be rotated.\n\n## What it means\n\nOnly a credential that still works can be rotated; this one is revoked or expired.\n\n## What to do\n\nCreate a new one.\n',
  cursor_expired:
    "# `cursor_expired`\n\nHTTP 410. The records that arrived since this cursor can no longer be told apart.\n\n## What it means\n\nThe cursor of a tail is good for 24 hours, and only for the table it was made for: not after the dataset's table was rewritten, or the database restored from a copy.\n\n## What to do\n\nStart again without a cursor, and ask a [query](../queries.md) for the time in between, by timestamp.\n",
  dataset_id_conflict:
    '# `dataset_id_conflict`\n\nHTTP 400. The path and X-Loguro-Dataset-Id name different datasets.\n\n## What it means\n\nThe path names one dataset and the header `X-Loguro-Dataset-Id` another.\n\n## What to do\n\nSend only one of the two, or the same id in both.\n',
  dataset_not_found:
    '# `dataset_not_found`\n\nHTTP 404. The dataset is unknown, deleted, or belongs to another project.\n\n## What it means\n\nThe dataset id is unknown, the dataset was deleted, or it belongs to another project than the one in the URL (control plane) or in the key (ingest).\n\n## What to do\n\nList the datasets with `GET /api/datasets/:projectSlug`. Ids are integers and never reused.\n',
  expired_credential:
    '# `expired_credential`\n\nHTTP 401. The credential was good until it expired.\n\n## What it means\n\nThe credential was good, and its `expiresAt` has passed. A rotated credential expires when its overlap ends.\n\n## What to do\n\nUse its successor, or create a new one.\n',
  forbidden:
    '# `forbidden`\n\nHTTP 403. The account is a member of the project, but its role does not allow this.\n\n## What it means\n\nThe account is a member of the project, but its role is not enough. Viewers read and query; editors also change datasets; owners also manage keys and members.\n\n## What to do\n\nAsk an owner of the project to raise the role: `PATCH /api/projects/:slug/members/:accountId`.\n',
  gateway_timeout:
    '# `gateway_timeout`\n\nHTTP 504. The service did not answer in time; the request may have taken effect.\n\n## What it means\n\nThe gateway had sent the request to a service and waited as long as `LOGURO_UPSTREAM_RESPONSE_TIMEOUT_MS` allows. The service may still be working on it.\n\n## What to do\n\nAs for [`bad_gateway`](bad_gateway.md): repeat what only reads, and repeat records with the same `Idempotency-Key`.\n',
  headers_too_large:
    '# `headers_too_large`\n\nHTTP 431. The request line and headers are over their limit.\n\n## What it means\n\nThe request line and all headers together are larger than the gateway accepts: 16 KiB unless the installation says otherwise.\n\n## What to do\n\nLook for what grew: cookies that a browser adds, or a query string that should be a body. Whoever runs the installation sets the limit with `LOGURO_MAX_HEADER_BYTES`.\n',
  idempotency_key_reused:
    '# `idempotency_key_reused`\n\nHTTP 422. The Idempotency-Key was used before with a different body.\n\n## What it means\n\nThe same `Idempotency-Key` came with a different body within 24 hours. Answering as if it were a repeat would lose the new records.\n\n## What to do\n\nUse a new key for new content. Use the same key only to send the same bytes again.\n',
  internal:
    '# `internal`\n\nHTTP 500. An unexpected fault; the request id finds it in the logs.\n\n## What it means\n\nSomething unexpected happened. Details are in the logs of the service, under the `requestId` of the answer, and nowhere else.\n\n## What to do\n\nReport it with the request id. A record that was not answered with `202` was not promised; sending it again with the same `Idempotency-Key` is safe.\n',
  invalid_credential:
    '# `invalid_credential`\n\nHTTP 401. The credential is malformed, forged or unknown.\n\n## What it means\n\nThe credential is cut short, mistyped, forged, or was never issued here. A personal access token carries a checksum, so a typo is found without looking it up; a project API key must be signed by this installation.\n\n## What to do\n\nCopy the credential again. If it comes from another installation or was lost, create a new one: `POST /api/tokens` or `POST /api/projects/:slug/keys`.\n',
  invalid_query:
    '# `invalid_query`\n\nHTTP 400. The query is well-formed JSON but asks something impossible.\n\n## What it means\n\nThe query is well-formed but cannot be answered: an unknown field, an operator or aggregate that the type of the field does not have, a selected field missing from `groupBy`, …\n\n## What to do\n\n`details` names the place, for example `where[1].op`, and the nearest field name when one looks misspelt. See [queries](../queries.md).\n',
  invalid_record:
    '# `invalid_record`\n\nHTTP 400. A record does not fit the schema of its dataset.\n\n## What it means\n\nA record does not fit the schema of its dataset: an unknown field, a wrong type, a missing required field, a timestamp that is not RFC 3339 or lies outside the years 0001 to 9999, a number that is not finite, a string with U+0000 or an unpaired surrogate, or a context nested deeper than 32.\n\n## What to do\n\n`details` lists the first 100 faults with `index` (position in the batch), `path` and `message`. Without `?partial=true` nothing of the batch was accepted. Try a payload with `?dry_run=true` first.\n',
  invalid_request:
    '# `invalid_request`\n\nHTTP 400. A parameter, header or body field breaks the published schema.\n\n## What it means\n\nA path or query parameter, a header, or a field of the body breaks the published schema.\n\n## What to do\n\n`error` says what is wrong first; `details` has one entry for each place, with the name that was probably meant or an example of what to write. The schema is in `GET /api/openapi.json`.\n',
  invalid_schema:
    '# `invalid_schema`\n\nHTTP 400. The dataset schema breaks a rule for fields.\n\n## What it means\n\nA field breaks a rule: unknown type, a name that is not `^[A-Za-z_][A-Za-z0-9_]{0,62}$`, two names that differ only in case, more than 200 fields, or one of the names every record has anyway (`timestamp`, `context`) or that is reserved (`__…`, and the system columns of PostgreSQL: `tableoid`, `xmin`, `cmin`, `xmax`, `cmax`, `ctid`).\n\n## What to do\n\n`details` has one entry for each field at fault. Nothing was registered.\n',
  key_not_found:
    '# `key_not_found`\n\nHTTP 404. The project has no key with this id.\n\n## What it means\n\nThe project has no API key with this id.\n\n## What to do\n\nList them with `GET /api/projects/:slug/keys`.\n',
  last_owner:
    '# `last_owner`\n\nHTTP 409. The change would leave the project without an owner.\n\n## What it means\n\nThe change would leave the project without an owner, so nobody could manage it any more.\n\n## What to do\n\nMake somebody else an owner first.\n',
  malformed_encoding:
    '# `malformed_encoding`\n\nHTTP 400. The compressed body is corrupt or cut short.\n\n## What it means\n\n`Content-Encoding` says the body is compressed, but it could not be decompressed to the end.\n\n## What to do\n\nMake sure the header matches what you send and that the body is not cut short. Nothing of it was accepted.\n',
  malformed_json:
    '# `malformed_json`\n\nHTTP 400. The body is not valid UTF-8 JSON.\n\n## What it means\n\nThe body is not JSON, or not valid UTF-8. An empty body counts too.\n\n## What to do\n\nLook at the position the message names. Frequent causes: single quotes, a trailing comma, `NaN`, an unescaped newline, a byte order mark, a body that was cut off.\n',
  member_not_found:
    '# `member_not_found`\n\nHTTP 404. The account is not a member of the project.\n\n## What it means\n\nThe account is not a member of the project.\n\n## What to do\n\nList members with `GET /api/projects/:slug/members`; the id to use is `accountId`.\n',
  method_not_allowed:
    '# `method_not_allowed`\n\nHTTP 405. The path exists, the method does not.\n\n## What it means\n\nThe path exists, but not with this method.\n\n## What to do\n\nThe `Allow` header lists the methods that do.\n',
  missing_credential:
    '# `missing_credential`\n\nHTTP 401. The request carries no bearer credential.\n\n## What it means\n\nThe request has no `Authorization: Bearer …` header.\n\n## What to do\n\nSend a personal access token (`pat_…`) to the control plane, or a project API key to ingest. A header that is there but not in the form `Bearer <token>` counts as missing: check for quotes, a missing space, or an empty variable in your shell.\n',
  origin_not_allowed:
    '# `origin_not_allowed`\n\nHTTP 403. A browser key was used from an origin that is not on its list.\n\n## What it means\n\nA browser key was used from a page (`Origin` header) that is not on its list, or by a client that sends no `Origin` at all.\n\n## What to do\n\nAdd the origin, scheme and port included, with `PATCH /api/projects/:slug/keys/:keyId`. On a server, use a server key instead.\n',
  overloaded:
    '# `overloaded`\n\nHTTP 503. More is under way than the service may hold; nothing was accepted.\n\n## What it means\n\nOf records: the queue is past its high-water mark, or too many bytes are in flight. Nothing of the request was accepted.\n\nOf a query or a tail: answers that other clients have not read yet hold as much memory as they may.\n\n## What to do\n\nWait as long as `Retry-After` says and send again. The SDK does so by itself.\n',
  payload_too_large:
    '# `payload_too_large`\n\nHTTP 413. The body, a record or a batch is over its limit.\n\n## What it means\n\nThe body, one record, or the number of records is over its limit. Defaults: 256 KiB a record, 10,000 records and 10 MiB (decompressed) a batch, 1 MiB for the control plane. The answer says which.\n\n## What to do\n\nSplit the batch. Nothing of it was accepted. Whoever runs the installation can change the ingest limits, see [configuration](../configuration.md).\n',
  project_not_found:
    '# `project_not_found`\n\nHTTP 404. The project does not exist, or the account has no access to it.\n\n## What it means\n\nThere is no such project, or the account behind the token is not a member of it. The two are never told apart.\n\n## What to do\n\nCheck the slug with `GET /api/projects`, which lists all you can reach.\n',
  query_timeout:
    '# `query_timeout`\n\nHTTP 504. The query ran into the statement timeout.\n\n## What it means\n\nThe query ran into the statement timeout and was stopped, so that it cannot hurt others.\n\n## What to do\n\nAsk for a shorter `range`, fewer groups, or filter more. Whoever runs the installation sets the limit, see [configuration](../configuration.md).\n',
  rate_limited:
    '# `rate_limited`\n\nHTTP 429. Too many requests from this caller.\n\n## What it means\n\nA personal access token, a project API key or an address has used up what it may do in a short time, or too many wrong credentials came from an address. The sentence says which, and nothing was accepted. `RateLimit-Policy` has the quota, `RateLimit` what is left of it.\n\n## What to do\n\nWait as long as `Retry-After` says. Send batches instead of single records. If wrong credentials are the reason, look for a program that keeps sending an old one. Operators can change every limit: see [limits](../limits.md).\n',
  receipt_not_found:
    '# `receipt_not_found`\n\nHTTP 404. The dataset has no receipt with this id, or it has expired.\n\n## What it means\n\nThe dataset has no receipt with this id, or it is older than receipts are kept (7 days, unless the installation says otherwise). Every receipt ends in a checksum over itself and its dataset, so one that was mistyped, cut short or belongs to\nanother dataset is told from one whose records are still on their way.\n\n## What to do\n\nUse the `receipt` of a `202` answer together with the dataset the records went to, and a key of the same project.\n',
  request_timeout:
    '# `request_timeout`\n\nHTTP 408. The request did not arrive in time.\n\n## What it means\n\nThe request did not arrive completely in time, or the connection stood still.\n\n## What to do\n\nSend it again. On slow links send smaller batches, or compress them (`Content-Encoding: gzip`).\n',
  result_too_large:
    '# `result_too_large`\n\nHTTP 400. The rows of the answer hold more bytes than one answer may.\n\n## What it means\n\nThe rows of the answer hold more bytes than one JSON answer may: 16 MiB. Or the query needs more temporary disk than it may have, for example to tell apart very many distinct values. The sentence says which. The query was stopped.\n\n## What to do\n\nSelect fewer columns (`context` is usually the large one), or fewer rows with `limit`, going through them with `cursor`. With `Accept: application/x-ndjson` or `Accept: text/csv` the size of an answer has no limit. For temporary disk, ask a shorter range, fewer groups or fewer `count_distinct`. See [queries](../queries.md).\n',
  revoked_credential:
    '# `revoked_credential`\n\nHTTP 401. The credential was revoked.\n\n## What it means\n\nSomebody revoked this credential. Revocation reaches every process within a second.\n\n## What to do\n\nCreate a new one. If you did not expect this, read the audit log: `GET /api/projects/:slug/audit`.\n',
  route_not_found:
    '# `route_not_found`\n\nHTTP 404. No such path on this host.\n\n## What it means\n\nNo endpoint has this path on this host.\n\n## What to do\n\nCheck the path against `GET /api/openapi.json`.\n',
  schema_conflict:
    '# `schema_conflict`\n\nHTTP 409. A different schema is already registered; schemas are immutable.\n\n## What it means\n\nThe dataset has a different schema already, and a registered schema never changes. Registering the same fields again is fine and answers `200`.\n\n## What to do\n\nCreate another dataset for the new shape. `GET …/schema` shows what is registered.\n',
  schema_not_found:
    '# `schema_not_found`\n\nHTTP 404. The dataset has no registered schema yet.\n\n## What it means\n\nThe dataset exists but has no schema yet, so there is nothing to validate records against and nothing to query. Also the answer when records name no dataset and the project has no default dataset.\n\n## What to do\n\nRegister the schema: `POST /api/datasets/:projectSlug/:datasetId/schema`. For records without a dataset id: `POST /api/datasets/:projectSlug/schema`, which creates the default dataset.\n',
  token_not_found:
    '# `token_not_found`\n\nHTTP 404. The account has no personal access token with this id.\n\n## What it means\n\nYour account has no personal access token with this id. Tokens of other accounts are not visible.\n\n## What to do\n\nList yours with `GET /api/tokens`.\n',
  too_many_queries:
    '# `too_many_queries`\n\nHTTP 429. The project runs as many queries at once as it may.\n\n## What it means\n\nThe project runs as many queries at once as it may, so that it cannot slow down the others. This query waited for its turn and did not get it in time, or so many waited already that it could not join them. `error` says which.\n\nOf a [tail](../tail.md): the project has as many of them open as it may. Tails and queries are counted apart.\n\n## What to do\n\nWait as long as `Retry-After` says, and try again. When it happens often, run fewer queries side by side, or make them shorter: a smaller range, fewer groups. Whoever runs the installation can change the limits, see [configuration](../configuration.md).\n',
  unavailable:
    '# `unavailable`\n\nHTTP 503. A dependency is away; the sentence says what became of the request.\n\n## What it means\n\nA part of the system that is needed to keep the promise cannot be reached: the queue, the database, or the service behind the gateway. As a rule nothing of the request was accepted, and the sentence says so.\n\nWhen the records had been sent to the queue and its answer was lost, the sentence says that they may or may not have been accepted: they are wholly there or wholly not.\n\n## What to do\n\nWait as long as `Retry-After` says and send again, with the same `Idempotency-Key` as the first time: then the records are stored once, whatever had become of them. The SDK does so by itself. Without such a key, records that may have been accepted can be doubled by a repeat. It recovers by itself when the part returns.\n',
  unknown_host:
    '# `unknown_host`\n\nHTTP 421. The gateway serves no such host name.\n\n## What it means\n\nThe gateway routes by the `Host` header, and serves no such name.\n\n## What to do\n\nCheck the host name and the DNS record. Whoever runs the installation sets the names with `LOGURO_CONTROL_HOSTS` and `LOGURO_INGEST_HOSTS`.\n',
  unsupported_encoding:
    '# `unsupported_encoding`\n\nHTTP 415. The Content-Encoding is not gzip, deflate, br or identity.\n\n## What it means\n\nThe `Content-Encoding` is unknown, or several are stacked.\n\n## What to do\n\nUse `gzip`, `deflate`, `br`, or none.\n',
  unsupported_media_type:
    '# `unsupported_media_type`\n\nHTTP 415. The Content-Type is not one this endpoint reads.\n\n## What it means\n\nThe `Content-Type` is missing or not one this endpoint reads.\n\n## What to do\n\nSend `application/json`; for `/batch` also `application/x-ndjson`.\n',
  wrong_api_surface:
    '# `wrong_api_surface`\n\nHTTP 404. The right kind of path on the wrong host.\n\n## What it means\n\nThe path is right, the host is not. The control plane (`logu.ro/api/…`) manages and queries; ingest (`ingest.logu.ro/datasets/…`) takes records.\n\n## What to do\n\nThe answer names the URL to use. Records never go to `/api/datasets/…`, and queries never to the ingest host.\n',
  wrong_credential:
    '# `wrong_credential`\n\nHTTP 401. A good credential of the wrong kind for this surface.\n\n## What it means\n\nThe credential is good for the other surface: a project API key was sent to the control plane (`/api/…`), or a personal access token to ingest (`/datasets/…`).\n\n## What to do\n\nControl plane: personal access token. Ingest: project API key. They are separate on purpose: an ingest key that leaks can append records, and do nothing else.\n',
};
