import { ledgerContract } from '../../contract/ledger.ts';
import { describeOn, SERVER_KINDS } from '../../fixtures/databases.ts';

describeOn(SERVER_KINDS, 'the ledger', ledgerContract);
